print("vole")
