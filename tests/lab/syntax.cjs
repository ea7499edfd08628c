// Prints what the modules of a folder are made of, as a parser reads them: node syntax.cjs FOLDER, in `lab`.

const { readdirSync, readFileSync } = require('node:fs');
const { join } = require('node:path');

const ts = require(require.resolve('typescript', { paths: [process.cwd()] }));

/** The names of the nodes of a tree, and the words of its leaves. Comments are none. */
function told(node, source) {
  const inner = node.getChildren(source).filter((one) => !ts.isJSDoc(one));
  const kind = ts.SyntaxKind[node.kind];
  return inner.length ? [kind, ...inner.map((one) => told(one, source))] : [kind, node.getText(source)];
}

const folder = process.argv[2];
const trees = readdirSync(folder).map((name) => {
  const source = ts.createSourceFile(name, readFileSync(join(folder, name), 'utf-8'), ts.ScriptTarget.ES2022, true);
  return [name, { errors: source.parseDiagnostics.map(({ messageText }) => messageText), tree: told(source, source) }];
});
console.log(JSON.stringify(Object.fromEntries(trees)));
