/** Types of what is used all over the prose part. */
type EditorView = import('@codemirror/view').EditorView;
type ViewUpdate = import('@codemirror/view').ViewUpdate;
type Extension = import('@codemirror/state').Extension;
type Transaction = import('@codemirror/state').Transaction;
type Doc = import('@codemirror/state').Text;
type Tree = import('@lezer/common').Tree;
type CellModel = import('@jupyterlab/codeeditor').CodeEditor.IModel;
type Panel = import('@jupyterlab/notebook').NotebookPanel;
type Common = import('../src/common.js').Common;
type Provider = import('@jupyterlab/completer').ICompletionProvider;

/** Part of a text. */
type Span = { from: number; to: number };
/** A cell's lines above its prompt: which of them is `%%glm`, where the options end, and these in one line. */
type Head = { lines: string[]; first: number; below: number; options: string; isHelp: boolean };
/** What an editor for prose is made of. */
type ProseGiven = {
  packages: Packages;
  markdown: import('@codemirror/language').Language;
  names: import('../src/prose-names.js').Names;
  opener: Extension;
};
