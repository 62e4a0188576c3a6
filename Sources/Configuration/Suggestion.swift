/// What somebody may have meant by a word that does not exist.
enum Suggestion {
  /// Bytes of the longest word that is compared.
  static let maxBytes = 64

  /// The known word nearest to a wrong one, if it is near enough to be a typing error.
  static func nearest(to word: String, among known: [String]) -> String? {
    guard word.utf8.count <= maxBytes else { return nil }
    let letters = Array(word.lowercased().utf8)
    let tolerance = max(1, letters.count / 4)
    var best: (word: String, distance: Int)?
    for candidate in known where candidate.utf8.count <= maxBytes {
      let distance = editDistance(letters, Array(candidate.lowercased().utf8))
      if distance <= tolerance, distance < best?.distance ?? .max { best = (candidate, distance) }
    }
    return best?.word
  }

  /// `did you mean X?`, or else the list of what is known.
  static func text(for word: String, among known: [String]) -> String {
    if let nearest = nearest(to: word, among: known) { return "did you mean \(nearest)?" }
    return known.isEmpty ? "none is known" : "known: \(known.joined(separator: ", "))"
  }

  /// Insertions, deletions, replacements and swaps of neighbours between two words.
  static func editDistance(_ left: [UInt8], _ right: [UInt8]) -> Int {
    var beforeLast: [Int] = []
    var last = Array(0...right.count)
    for i in 0..<left.count {
      var current = [i + 1]
      for j in 0..<right.count {
        let replaced = last[j] + (left[i] == right[j] ? 0 : 1)
        var best = min(replaced, last[j + 1] + 1, current[j] + 1)
        if i > 0, j > 0, left[i] == right[j - 1], left[i - 1] == right[j] {
          best = min(best, beforeLast[j - 1] + 1)
        }
        current.append(best)
      }
      beforeLast = last
      last = current
    }
    return last[right.count]
  }
}
