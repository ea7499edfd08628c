// Elements of the page. What they say is text, never markup.

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, string>} [attributes]
 * @param {(Node | string)[]} [children]
 * @returns {HTMLElementTagNameMap[K]}
 */
export function element(tag, attributes = {}, children = []) {
  const made = document.createElement(tag);
  Object.entries(attributes).forEach(([name, value]) => made.setAttribute(name, value));
  made.append(...children);
  return made;
}

/**
 * Give the page a style. Returns what takes it away again.
 * @param {string} css
 */
export function addStyle(css) {
  const style = element('style', {}, [css]);
  document.head.append(style);
  return () => style.remove();
}
