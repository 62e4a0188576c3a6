import SeededRandom
import Testing

@testable import HTTPServer

@Suite("HTTP/2: memory")
struct HTTP2MemoryTests {
  /// A block that is in use: where, how long, and the byte that all of it holds.
  private struct Block {
    var place: UnsafeMutableRawPointer
    var count: Int
    var mark: UInt8

    func fill(from start: Int = 0) {
      for index in start..<count { place.storeBytes(of: mark, toByteOffset: index, as: UInt8.self) }
    }

    func holds(_ length: Int) -> Bool {
      (0..<length).allSatisfy { place.load(fromByteOffset: $0, as: UInt8.self) == mark }
    }
  }

  @Test("Whatever is asked for and given back, no block touches another, and what it holds stays")
  func random() throws {
    let seed: UInt64 = 7
    print("memory of HTTP/2, seed \(seed)")
    var generator = SeededGenerator(seed: seed)
    func below(_ bound: Int) -> Int { Int(generator.next() % UInt64(bound)) }
    let memory = HTTP2Memory()
    let functions = memory.functions
    let allocate = try #require(functions.malloc)
    let allocateZeroed = try #require(functions.calloc)
    let reallocate = try #require(functions.realloc)
    let free = try #require(functions.free)
    var blocks: [Block] = []
    for step in 0..<10_000 {
      let count = below(4) == 0 ? below(4_000) : below(700)
      let mark = UInt8(truncatingIfNeeded: step)
      switch blocks.isEmpty ? 0 : below(blocks.count > 300 ? 8 : 5) {
      case 0:
        let place = try #require(allocate(count, functions.mem_user_data))
        blocks.append(Block(place: place, count: count, mark: mark))
        blocks[blocks.count - 1].fill()
      case 1:
        let place = try #require(allocateZeroed(count, 1, functions.mem_user_data))
        var block = Block(place: place, count: count, mark: 0)
        #expect(block.holds(count), "step \(step)")
        block.mark = mark
        block.fill()
        blocks.append(block)
      case 2:
        var block = blocks.remove(at: below(blocks.count))
        let kept = min(count, block.count)
        block.place = try #require(
          reallocate(block.place, max(1, count), functions.mem_user_data))
        block.count = max(1, count)
        #expect(block.holds(kept), "step \(step)")
        block.fill(from: kept)
        blocks.append(block)
      default:
        let block = blocks.remove(at: below(blocks.count))
        #expect(block.holds(block.count), "step \(step)")
        free(block.place, functions.mem_user_data)
      }
      if step % 1_000 == 0 { memory.release() }
    }
    for block in blocks {
      #expect(block.holds(block.count))
      free(block.place, functions.mem_user_data)
    }
  }

  @Test("What cannot be had is refused, and what was given back is given again")
  func edges() throws {
    let memory = HTTP2Memory()
    let functions = memory.functions
    let data = functions.mem_user_data
    #expect(functions.malloc(Int.max, data) == nil)
    #expect(functions.calloc(Int.max, 2, data) == nil)
    functions.free(nil, data)
    let first = functions.malloc(100, data)
    functions.free(first, data)
    // Of the same size in steps of 64 bytes.
    let second = functions.malloc(128, data)
    #expect(first != nil && first == second)
    // A block of another size is another one.
    let third = functions.malloc(129, data)
    #expect(third != nil && third != second)
    functions.free(second, data)
    functions.free(third, data)
  }
}
