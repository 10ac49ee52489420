/**
 * Text that every database and every strict reader takes: without NUL, which PostgreSQL refuses in text, and without half
 * characters (lone surrogates), which have no bytes in UTF-8. Both become the replacement character.
 */
export const toStorableText = (text: string): string => text.toWellFormed().replaceAll('\0', '\ufffd');
