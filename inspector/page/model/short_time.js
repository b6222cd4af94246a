// How a time is told: three figures behind the point, and a unit.
//
// Twin of `short_time` in inspector/src/names.rs, which rounds what lies halfway to the even digit;
// `toFixed` rounds it up. So that both say the same, halves are found and rounded here.

/** @param {number} ns nanoseconds */
export function shortTime(ns) {
  if (ns < 1_000) return `${ns} ns`;
  if (ns < 1_000_000) return `${rounded((ns / 1e9) * 1e6, 1)} us`;
  if (ns < 1_000_000_000) return `${rounded((ns / 1e9) * 1e3, 3)} ms`;
  const seconds = Math.floor(ns / 1e9) + (ns % 1e9) / 1e9;
  if (seconds < 600) return `${rounded(seconds, 3)} s`;
  if (seconds < 7_200) return `${rounded(seconds / 60, 3)} min`;
  return `${rounded(seconds / 3_600, 3)} h`;
}

/** A number with one or three decimals. */
function rounded(value, decimals) {
  // Exactly halfway between two decimals lie only odd multiples of these, which doubles hold.
  const halves = value * (decimals === 1 ? 4 : 16);
  if (!Number.isInteger(halves) || halves % 2 === 0) return value.toFixed(decimals);
  const ten = 10 ** decimals;
  const below = Math.floor(value * ten);
  const even = below % 2 === 0 ? below : below + 1;
  return (even / ten).toFixed(decimals);
}
