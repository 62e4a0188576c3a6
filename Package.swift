// swift-tools-version: 6.3
import PackageDescription

/// The language rules of every Swift target: Swift 6, strict memory safety, warnings are errors.
let rules: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  // Without the engine of regular expressions, which nothing uses: a megabyte of the binary.
  .unsafeFlags(["-Xfrontend", "-disable-implicit-string-processing-module-import"]),
]

/// Tests keep the rules but for strict memory safety: their C calls are the fixture, not the
/// product.
let testRules: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
]

/// Where tests try millions of cases: optimised in debug builds too, in which they would else take
/// ten times as long.
let optimised: [SwiftSetting] = [.unsafeFlags(["-O"], .when(configuration: .debug))]

func library(
  _ name: String, _ dependencies: [Target.Dependency] = [], _ more: [SwiftSetting] = []
) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: rules + more)
}

func tests(
  _ name: String, _ dependencies: [Target.Dependency], resources: [Resource] = [],
  _ more: [SwiftSetting] = []
) -> Target {
  .testTarget(
    name: name, dependencies: dependencies, path: "Tests/\(name)", resources: resources,
    swiftSettings: testRules + more)
}

let package = Package(
  name: "vole",
  products: [
    .executable(name: "vole", targets: ["vole"]),
    .executable(name: "volebench", targets: ["volebench"]),
    .executable(name: "volesimulate", targets: ["volesimulate"]),
  ],
  targets: [
    // C libraries of the system, each imported by exactly one Swift target.
    .systemLibrary(
      name: "CLibrdkafka", pkgConfig: "rdkafka", providers: [.apt(["librdkafka-dev"])]),
    .systemLibrary(
      name: "CNghttp2", pkgConfig: "libnghttp2", providers: [.apt(["libnghttp2-dev"])]),
    .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(name: "CPcre2", pkgConfig: "libpcre2-8", providers: [.apt(["libpcre2-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "CLinux"),
    .target(
      name: "CToml",
      cxxSettings: [
        .define("TOML_EXCEPTIONS", to: "0"), .define("TOML_ENABLE_FORMATTERS", to: "0"),
      ]),

    // The pure middle.
    library("Text"),
    library("LagCore", [], optimised),
    library("ConsumerOffsets", ["LagCore"], optimised),
    library("JSON", [], optimised),
    library("Console", ["JSON", "Text"]),

    // The ends that do I/O.
    library("KafkaClient", ["CLibrdkafka", "JSON", "Text"]),
    library("EventLoop", ["CLinux"]),
    library("HTTPServer", ["CNghttp2", "COpenSSL", "CZlib", "EventLoop"]),
    library("Connect", ["HTTPServer", "EventLoop", "JSON"]),
    library("Configuration", ["CToml", "CPcre2", "LagCore", "Text"]),

    // The assembly.
    library("Answers", ["LagCore", "JSON", "Connect"]),
    library("Offline", ["LagCore", "ConsumerOffsets", "JSON"]),
    library("Doctor", ["LagCore", "ConsumerOffsets", "KafkaClient", "Configuration"]),
    library(
      "Agent",
      [
        "LagCore", "ConsumerOffsets", "KafkaClient", "EventLoop", "HTTPServer", "Configuration",
        "Answers", "JSON", "Connect",
      ]),
    .executableTarget(
      name: "vole",
      dependencies: [
        "Agent", "LagCore", "ConsumerOffsets", "KafkaClient", "EventLoop", "HTTPServer",
        "Configuration", "Answers", "JSON", "Offline", "Doctor", "Console", "Text",
      ], swiftSettings: rules),
    .executableTarget(
      name: "volebench", dependencies: ["LagCore", "ConsumerOffsets", "Answers", "JSON"],
      swiftSettings: rules),
    // Random numbers that a seed determines, for tests alone.
    .target(
      name: "SeededRandom", path: "Tests/SeededRandom", swiftSettings: testRules + optimised),
    tests("JSONTests", ["JSON", "SeededRandom"], optimised),
    tests("TextTests", ["Text"]),
    tests("KafkaClientTests", ["KafkaClient"]),
    .testTarget(
      name: "CommandLineTests", dependencies: ["vole", "StubServer"],
      path: "Tests/CommandLineTests", swiftSettings: testRules),
    tests(
      "AgentTests",
      [
        "Agent", "Answers", "Configuration", "Connect", "ConnectClient", "ConsumerOffsets",
        "EventLoop", "HTTPServer", "LagCore", "SeededRandom",
      ], resources: [.copy("Fixtures")]),
    tests(
      "ConsumerOffsetsTests", ["ConsumerOffsets", "LagCore", "SeededRandom"],
      resources: [.copy("Fixtures")], optimised),

    // A naive second LagCore, for tests alone.
    .target(
      name: "LagSimulation", dependencies: ["SeededRandom"], path: "Tests/LagSimulation",
      swiftSettings: testRules + optimised),
    tests("LagCoreTests", ["LagCore", "LagSimulation", "SeededRandom"], optimised),
    tests("ConfigurationTests", ["Configuration", "LagCore", "SeededRandom"]),
    tests("AnswersTests", ["Answers", "JSON", "LagCore", "SeededRandom"]),

    // Worlds of pods, consumers and brokers, in which the decisions are tried; never shipped.
    .target(
      name: "DecisionSimulation", dependencies: ["LagCore", "SeededRandom"],
      path: "Tests/DecisionSimulation", swiftSettings: testRules + optimised),
    .executableTarget(
      name: "volesimulate", dependencies: ["DecisionSimulation", "LagCore"],
      path: "Tests/VoleSimulate", swiftSettings: testRules),
    tests("DecisionSimulationTests", ["DecisionSimulation", "LagCore"]),
    tests("EventLoopTests", ["EventLoop", "SeededRandom"]),
    // A client of the Connect protocol that needs no socket, for tests of servers.
    .target(
      name: "ConnectClient", dependencies: ["HTTPServer"], path: "Tests/ConnectClient",
      swiftSettings: testRules),
    tests(
      "ConnectTests",
      ["Connect", "ConnectClient", "HTTPServer", "EventLoop", "JSON", "SeededRandom"]),
    // A server that answers what a test wrote, for tests of clients.
    .target(name: "StubServer", path: "Tests/StubServer", swiftSettings: testRules),
    tests(
      "HTTPServerTests", ["HTTPServer", "EventLoop", "COpenSSL", "SeededRandom", "StubServer"]),
    tests("ConsoleTests", ["Console"], resources: [.copy("Golden")]),
    // What Connect's conformance suite calls; never shipped.
    .executableTarget(
      name: "connect-conformance-server",
      dependencies: ["Connect", "HTTPServer", "EventLoop", "JSON"], path: "Tests/ConformanceServer",
      swiftSettings: testRules),
    tests(
      "DoctorTests", ["Doctor", "Configuration", "ConsumerOffsets", "KafkaClient", "LagCore"]),
    tests("TidyTests", []),
    // Fuzz targets, and a test that runs their inputs; `make fuzz` builds the program around them.
    .target(
      name: "FuzzTargets",
      dependencies: [
        "Configuration", "Connect", "ConsumerOffsets", "EventLoop", "HTTPServer", "JSON",
      ], path: "Tests/Fuzz/Targets", swiftSettings: testRules),
    .testTarget(
      name: "FuzzReplayTests", dependencies: ["FuzzTargets"], path: "Tests/Fuzz/Replay",
      swiftSettings: testRules),
    tests("OfflineTests", ["Offline", "JSON", "LagCore", "ConsumerOffsets"]),
  ],
  cxxLanguageStandard: .cxx17
)

// libFuzzer brings its own main, so the program can be linked only with `--sanitize=fuzzer`.
if Context.environment["FUZZ"] != nil {
  package.targets.append(
    .executableTarget(
      name: "volefuzz", dependencies: ["FuzzTargets"], path: "Tests/Fuzz/Entry",
      swiftSettings: testRules + [.unsafeFlags(["-parse-as-library"])]))
  package.products.append(.executable(name: "volefuzz", targets: ["volefuzz"]))
}
