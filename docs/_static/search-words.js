// The words of a search, as the index has them: Chinese ones are not parted by spaces.

/* exported ChineseStemmer, splitQuery */

// Sphinx 9.0 names a stemmer for Chinese pages that it does not bring along. Their Latin words are stemmed as English.
function ChineseStemmer() {
  return new EnglishStemmer()
}

function splitQuery(query) {
  const parts = query.split(/[^\p{Letter}\p{Number}_\p{Emoji_Presentation}]+/u).filter(Boolean)
  return parts.flatMap(part => (/\p{Script=Han}/u.test(part) ? wordsOfIndex(part) : [part]))
}

/** The longest words of the index, one after the other; the text itself if it has none of them. */
function wordsOfIndex(text) {
  const { terms, titleterms } = Search._index
  const found = []
  for (let at = 0; at < text.length; ) {
    let end = Math.min(at + 8, text.length)
    while (end > at + 1 && !(text.slice(at, end) in terms || text.slice(at, end) in titleterms)) end--
    if (end > at + 1) found.push(text.slice(at, end))
    at = end
  }
  return found.length ? found : [text]
}
