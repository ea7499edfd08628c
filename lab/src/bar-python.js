// The Python of a reply, as `%glm insert` takes it. What is a block and what is Python, the page's own parsers tell.

const PYTHON = /^i?py(?:thon)?[23]?$/;
const FIRST_WORD = /^[\s{.]*([^\s{},:;=]*)/;
/** What only IPython knows, on a line of its own or assigned: `!pip install x`, `files = %ls`; not `![an image]`. */
const ASSIGNED = String.raw`(?!\d)[\p{L}\p{N}_][\p{L}\p{N}_., ]*= *`;
const COMMAND = String.raw`!{1,2} ?[\p{L}\p{N}_./~$"'({]|%(?!\d)[\p{L}\p{N}_]`;
const OF_IPYTHON = new RegExp(`^([ \\t]*)(${ASSIGNED})?(?:${COMMAND})`, 'u');
/** A magic whose cell is Python. */
const AROUND = /^\s*%%(?:time|timeit|capture|prun)\b.*/;
/** The nodes of plain values, and what stands between them: code with no others is not worth running. */
const VALUES = words(
  'ExpressionStatement VariableName Number String ContinuedString Boolean None Ellipsis ParenthesizedExpression ' +
    'TupleExpression ArrayExpression SetExpression DictionaryExpression UnaryExpression ' +
    'ArithOp BitOp not ( ) [ ] { } , : ;',
);
/** What may stand before a `=`, itself among it. */
const TARGETS = words(
  'VariableName MemberExpression TupleExpression ArrayExpression ParenthesizedExpression , * TypeDef AssignOp',
);
const IDENTIFIER = /^[\p{ID_Start}_][\p{ID_Continue}]*$/u;
/** What Python had once, and what it has not, by the nodes that the parser takes it for. */
const WRONG = /** @type {Record<string, RegExp>} */ ({
  PrintStatement: /^/,
  CompareOp: /^<>/,
  MemberExpression: /^\d/,
  Number: /^0[\d_]*[1-9][\d_]*$/,
});

/**
 * @typedef {import('@lezer/common').Parser} Parser
 * @typedef {{ markdown: Parser, python: Parser }} Parsers
 */

/**
 * The page's parsers; null where it has none. HTML is read as words, so that it hides no code.
 * @param {import('@jupyterlab/codemirror').IEditorLanguageRegistry | null} languages
 * @returns {Promise<Parsers | null>}
 */
export async function parsersOf(languages) {
  const [markdown, python] = await Promise.all(
    ['ipythongfm', 'python'].map(async (name) => (await languages?.getLanguage(name))?.support?.language.parser),
  );
  const words = /** @type {import('@lezer/markdown').MarkdownParser | undefined} */ (markdown);
  return words && python ? { markdown: words.configure({ remove: ['HTMLBlock'] }), python } : null;
}

/**
 * The code of the blocks labelled as Python, or else of the unlabelled ones that must be Python.
 * @param {string} text
 * @param {Parsers} parsers
 */
export function pythonIn(text, parsers) {
  const lines = text.replace(/\r\n?/g, '\n').replace(/\n[ \t]*$/, '');
  const blocks = /```|~~~/.test(lines) ? blocksIn(lines, parsers.markdown) : [];
  const labelled = blocks.filter(({ language }) => PYTHON.test(language));
  const unlabelled = () => blocks.filter(({ language, code }) => !language && isPython(code, parsers.python));
  return (labelled.length ? labelled : unlabelled()).map(({ code }) => code).join('\n\n');
}

/**
 * The fenced blocks of a text. One that is not closed runs to the end.
 * @param {string} text
 * @param {Parser} markdown
 */
function blocksIn(text, markdown) {
  /** @type {{ language: string, code: string }[]} */
  const found = [];
  markdown.parse(text).iterate({
    enter: ({ name, node }) => {
      if (name === 'FencedCode') {
        const info = node.getChild('CodeInfo');
        const label = info ? text.slice(info.from, info.to) : '';
        found.push({ language: (FIRST_WORD.exec(label)?.[1] ?? '').toLowerCase(), code: codeIn(text, node) });
      }
      return name !== 'FencedCode';
    },
  });
  return found;
}

/**
 * What is between the fences, without what a list or a quotation puts before each line, and without the fence's indent.
 * @param {string} text
 * @param {import('@lezer/common').SyntaxNode} block
 */
function codeIn(text, block) {
  const isClosed = block.getChildren('CodeMark').length > 1;
  const pieces = block.getChildren('CodeText');
  let start = text.lastIndexOf('\n', block.from - 1) + 1;
  let indent = block.from - start;
  const lines = text.slice(start, block.to).split('\n').map((line) => {
    const [from, to] = [start, start + line.length];
    start = to + 1;
    const piece = pieces.find((one) => one.from < to && one.to > from);
    const begin = piece ? Math.max(piece.from, from) : to;
    return { text: text.slice(begin, to), before: begin - from };
  });
  const inner = lines.slice(1, isClosed ? -1 : undefined);
  indent -= inner.find((line) => line.text)?.before ?? indent;
  return inner.map((line) => line.text.replace(new RegExp(`^ {0,${Math.max(0, indent)}}`), '')).join('\n');
}

/**
 * Whether a block is Python that does something: a name or a list is probably output.
 * @param {string} code
 * @param {Parser} python
 */
function isPython(code, python) {
  return acts(code, python) ?? acts(withoutIPython(code), python) ?? false;
}

/**
 * Whether code is more than values; null if it is not Python.
 * @param {string} code
 * @param {Parser} python
 */
function acts(code, python) {
  let isMore = false;
  let isWrong = false;
  let declared = 0; // up to there: `host: localhost` does nothing
  /** @type {Map<number, string>} What the statements of a body are indented by, by the place of that. */
  const indents = new Map();
  python.parse(code).iterate({
    enter: ({ name, type, from, to, node }) => {
      const { parent } = node;
      const text = code.slice(from, to);
      isWrong ||= type.isError || (WRONG[name]?.test(text) ?? false);
      isWrong ||= /^(?:Variable|Property)Name$/.test(name) && !IDENTIFIER.test(text);
      isWrong ||= name === 'AssignOp' && parent?.name === 'AssignStatement' && !isTarget(node);
      if (parent && /^(?:Script|Body)$/.test(parent.name) && name !== 'Comment') {
        const before = code.slice(code.lastIndexOf('\n', from - 1) + 1, from);
        const body = parent.parent ? parent.from : -1;
        const indent = indents.get(body) ?? (parent.parent ? before : '');
        isWrong ||= !before.trim() && before !== indent;
        if (!before.trim()) {
          indents.set(body, indent);
        }
      }
      if (name === 'AssignStatement' && !node.getChild('AssignOp')) {
        declared = to;
      }
      isMore ||= from >= declared && !VALUES.has(name) && name !== 'Comment' && parent !== null;
    },
  });
  return isWrong ? null : isMore;
}

/**
 * Whether all that is before this `=` may be assigned to.
 * @param {import('@lezer/common').SyntaxNode} node
 */
function isTarget({ prevSibling }) {
  let before = prevSibling;
  while (before && TARGETS.has(before.name)) {
    before = before.prevSibling;
  }
  return before === null;
}

/** @param {string} names */
function words(names) {
  return new Set(names.split(' '));
}

/** @param {string} code */
function withoutIPython(code) {
  return code
    .replace(AROUND, '...')
    .replace(/(?:\\\n|[^\n])+/g, (line) => line.replace(OF_IPYTHON, '$1$2...\0').replace(/\0[^]*/, ''));
}
