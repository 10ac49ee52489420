/** Lists are cursor-paged; a person wants all of it. */

interface Page<T> {
  readonly items: readonly T[];
  readonly next?: string;
}

/** Follows `next` until there is none. */
export async function allPages<T>(fetchPage: (page: { cursor?: string }) => Promise<Page<T>>): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | undefined;
  do {
    const page = await fetchPage(cursor === undefined ? {} : { cursor });
    items.push(...page.items);
    cursor = page.next;
  } while (cursor !== undefined);
  return items;
}
