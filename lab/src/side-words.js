// What the side panel says of numbers, in the page's language. Pure.

/**
 * @typedef {import('./page-cells.js').Usage} Usage
 * @typedef {import('@jupyterlab/translation').TranslationBundle} Texts
 */

/**
 * Each figure of what was used, and its name.
 * @param {Texts} trans
 * @param {Usage | null} usage
 * @returns {[string, string][]}
 */
export function usageIn(trans, usage) {
  if (!usage) {
    return [];
  }
  const { budget, estimated_tokens: estimated } = usage;
  const tokens = (/** @type {number} */ count) => trans.__('%1 tokens', count.toLocaleString());
  /** @type {[string, string][]} */
  const all = [
    [trans.__('requests'), usage.requests.toLocaleString()],
    [trans.__('prompt'), tokens(usage.prompt_tokens)],
    [trans.__('completion'), tokens(usage.completion_tokens)],
    [trans.__('cost'), costIn(trans, usage.cost)],
  ];
  if (estimated) {
    all.push([trans.__('not counted'), trans.__('about %1 tokens', estimated.toLocaleString())]);
  }
  if (budget) {
    const amount = (/** @type {number} */ of) => (budget.unit === 'yuan' ? yuan(of) : tokens(Math.round(of)));
    all.push([trans.__('budget left'), trans.__('%1 of %2', amount(budget.left), amount(budget.limit))]);
  }
  return all;
}

/**
 * @param {Texts} trans
 * @param {Usage['cost']} cost
 */
function costIn(trans, cost) {
  if (typeof cost === 'number') {
    return cost === 0 ? trans.__('free') : `≈ ${yuan(cost)}`;
  }
  const why = { practice: trans.__('free: practice'), uncounted: trans.__('not known') };
  return why[/** @type {keyof typeof why} */ (cost)] ?? trans.__('price not known');
}

/** @param {number} amount */
function yuan(amount) {
  const least = 0.0001;
  if (amount > 0 && amount < least) {
    return `< ¥${least}`;
  }
  return `¥${amount.toLocaleString(undefined, { maximumFractionDigits: amount >= 1 ? 2 : 4 })}`;
}
