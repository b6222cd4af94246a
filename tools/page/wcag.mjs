// WCAG: how well one colour stands out from another, by the formula of its level AA.
//
// A colour is three numbers up to 255. Promises functions that know nothing outside of each other,
// so that a page can be given them.

/** How bright a colour is, 0 to 1. */
export function luminance(colour) {
  const [r, g, b] = colour.map((one) => one / 255)
    .map((one) => (one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** The contrast of two colours, 1 to 21. */
export function contrast(a, b) {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}

/** The three numbers of '#17804c'. */
export function rgb(hex) {
  return [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
}

/** Gives the page of a tab these functions, until it is loaded anew. */
export function bring(tab) {
  const all = [luminance, contrast, rgb].map((one) => `${one.name}: ${one}`);
  return tab.evaluate(`() => { Object.assign(window, { ${all.join(', ')} }); }`);
}
