// Memory comes first, while the process has given nothing back yet.
let benchmarks =
  MemoryBenchmarks.all + CommitBenchmarks.all + EvaluationBenchmarks.all
  + DecisionBenchmarks.all + JSONBenchmarks.all
let options = Options(arguments: Array(CommandLine.arguments.dropFirst()), benchmarks: benchmarks)

Table.header()
for benchmark in benchmarks
where options.names.isEmpty || options.names.contains(benchmark.name) {
  for line in benchmark.run(options) { Table.print(line) }
}
print(
  """

  best of \(options.repetitions); rates are per second of CPU time; the yardstick is the same work \
  with dictionaries and arrays; a ratio of 1 or more keeps the budget
  """)
