import TextTable

/// Aligned columns for people.
struct Table {
  typealias Heading = (title: String, alignment: Alignment)

  private let headings: [Heading]
  private var rows: [[String]] = []

  init(_ headings: [Heading]) { self.headings = headings }

  mutating func append(_ cells: String...) { append(cells) }

  mutating func append(_ cells: [String]) { rows.append(cells) }

  var text: String {
    let headings = headings
    let table = TextTable<[String]> { cells in
      zip(headings, cells).map { Column(title: $0.title, value: $1, align: $0.alignment) }
    }
    let text = table.string(for: rows, style: Style.simple) ?? ""
    // The last column is padded too; nobody wants the blanks.
    return text.split(separator: "\n", omittingEmptySubsequences: false)
      .map { line in String(line.reversed().drop { $0 == " " }.reversed()) }
      .joined(separator: "\n")
  }
}
