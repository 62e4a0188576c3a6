import FuzzTargets
import Glibc

/// What the environment variable `FUZZ_TARGET` names; without it, the first.
private let target: FuzzTarget = {
  guard let name = getenv("FUZZ_TARGET") else { return .http1 }
  guard let target = FuzzTarget(rawValue: String(cString: name)) else {
    print("FUZZ_TARGET is one of", FuzzTarget.allCases.map(\.rawValue))
    exit(2)
  }
  return target
}()

/// Called by libFuzzer with one input after the other.
@c(LLVMFuzzerTestOneInput)
public func fuzzOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  target.run(Array(UnsafeBufferPointer(start: bytes, count: count)))
  return 0
}
