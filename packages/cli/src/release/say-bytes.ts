/** Bytes as people say them, in powers of 1000: `1.4 MB`. */
export function sayBytes(bytes: number): string {
  const power = Math.min(UNITS.length - 1, Math.floor(Math.log10(Math.max(bytes, 1)) / 3));
  const value = bytes / 1000 ** power;
  return `${value < 10 && power > 0 ? value.toFixed(1) : Math.round(value)} ${UNITS[power]}`;
}
const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'];
