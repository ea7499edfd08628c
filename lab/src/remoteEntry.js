// How JupyterLab finds an extension: a container of modules, as a bundler would write it. It is a script, not a module.
(() => {
  const here = document.currentScript instanceof HTMLScriptElement ? document.currentScript.src : '';
  /** @type {Scope} */
  let scope = {};
  window._JUPYTERLAB = window._JUPYTERLAB || {};
  window._JUPYTERLAB['zhipu-magic'] = {
    init(given) {
      scope = given;
    },
    async get() {
      const { plugins } = await import(new URL('index.js', here).href);
      const found = await plugins(scope);
      return () => ({ __esModule: true, default: found });
    },
  };
})();
