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
      /** @param {string} name */
      const load = (name) => import(new URL(name, here).href);
      const [{ plugins }, { parts }] = await Promise.all([load('index.js'), load('parts.js')]); // all at once
      const found = await plugins(scope, await parts);
      return () => ({ __esModule: true, default: found });
    },
  };
})();
