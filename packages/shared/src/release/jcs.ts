/**
 * RFC 8785, the JSON Canonicalization Scheme: one value, one text, in every language. TUF metadata uses the older
 * OLPC form, but that has no fractions and leaves control characters bare: a manifest with `rtol: 0.001`
 * or a description of two lines could not be written in it and read back as JSON.
 */
export function jcs(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(jcs).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    // The default sort compares UTF-16 code units: exactly what RFC 8785 3.2.3 asks for.
    const members = Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, member]) => `${jcs(key)}:${jcs(member)}`);
    return `{${members.join(',')}}`;
  }
  if (typeof value === 'number' && !Number.isFinite(value)) throw new TypeError(`JSON has no ${value}`);
  // A lone surrogate has no UTF-8: two different texts would become the same bytes.
  if (typeof value === 'string' && !value.isWellFormed()) throw new TypeError('a lone surrogate has no UTF-8');
  const scalar = JSON.stringify(value);
  if (scalar === undefined) throw new TypeError(`JSON has no ${typeof value}`);
  return scalar;
}
