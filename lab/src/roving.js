// Keys in a toolbar or a list: Tab reaches one of its elements, and the arrow keys go on from there.

/**
 * Move the focus as this key says. Elements that cannot be used are reached too, so they are `aria-disabled`: of those
 * that are `disabled`, none could be left again.
 * @param {HTMLElement} within
 * @param {KeyboardEvent} event
 */
export function rove(within, event) {
  const all = /** @type {HTMLElement[]} */ ([...within.querySelectorAll('[tabindex]:not(:disabled)')]);
  const at = all.indexOf(/** @type {HTMLElement} */ (document.activeElement));
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  const place = event.key === 'Home' ? 0 : event.key === 'End' ? all.length - 1 : step && at >= 0 ? at + step : -1;
  const next = all[place];
  if (next) {
    event.preventDefault();
    all.forEach((one) => (one.tabIndex = one === next ? 0 : -1));
    next.focus();
  }
}
