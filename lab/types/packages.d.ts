/** The packages that JupyterLab and Notebook 7 share with extensions, by name; their types are those of the oldest that we support. */
interface Packages {
  '@codemirror/language': typeof import('@codemirror/language');
  '@codemirror/lang-markdown': typeof import('@codemirror/lang-markdown');
  '@codemirror/state': typeof import('@codemirror/state');
  '@codemirror/view': typeof import('@codemirror/view');
  '@jupyterlab/application': typeof import('@jupyterlab/application');
  '@jupyterlab/apputils': typeof import('@jupyterlab/apputils');
  '@jupyterlab/cells': typeof import('@jupyterlab/cells');
  '@jupyterlab/codemirror': typeof import('@jupyterlab/codemirror');
  '@jupyterlab/completer': typeof import('@jupyterlab/completer');
  '@jupyterlab/launcher': typeof import('@jupyterlab/launcher');
  '@jupyterlab/notebook': typeof import('@jupyterlab/notebook');
  '@jupyterlab/outputarea': typeof import('@jupyterlab/outputarea');
  '@jupyterlab/rendermime': typeof import('@jupyterlab/rendermime');
  '@jupyterlab/services': typeof import('@jupyterlab/services');
  '@jupyterlab/settingregistry': typeof import('@jupyterlab/settingregistry');
  '@jupyterlab/translation': typeof import('@jupyterlab/translation');
  '@jupyterlab/ui-components': typeof import('@jupyterlab/ui-components');
  '@lezer/common': typeof import('@lezer/common');
  '@lezer/highlight': typeof import('@lezer/highlight');
  '@lumino/commands': typeof import('@lumino/commands');
  '@lumino/coreutils': typeof import('@lumino/coreutils');
  '@lumino/signaling': typeof import('@lumino/signaling');
  '@lumino/widgets': typeof import('@lumino/widgets');
}

/** What a module-federation scope has of one package, by version. */
type Shared = Record<string, { get(): Promise<() => unknown>; loaded?: unknown; from?: string }>;
type Scope = Record<string, Shared>;

interface Window {
  _JUPYTERLAB: Record<string, { init(scope: Scope): void; get(module: string): Promise<() => unknown> }>;
}
