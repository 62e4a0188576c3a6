print("volebench")
