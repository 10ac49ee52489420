import { expect, test } from 'vitest';
import { fitColumns, wrapCell } from './fit-table.ts';

const HEAD = ['ROLLOUT', 'RELEASE', 'FOR', 'STATE', 'DONE', 'FAILED', 'CREATED'];
const row = (state: string) => [
  'ro_0mx04faxa00000rl0jcfh',
  'walking@1.1.0',
  'the whole fleet',
  state,
  '0/3',
  '1',
  '17 min ago',
];

test('a table gives up spaces before it tears a word', () => {
  const rows = ['completed', 'scheduled', 'ended-without-robots'].map(row);
  const widths = fitColumns([HEAD, ...rows], 80);
  expect(widths.reduce((sum, width) => sum + width + 2, 0)).toBeLessThanOrEqual(80);
  const lines = rows.flatMap((cells) => wrapCell(cells[3] ?? '', widths[3] ?? 0));
  expect(lines).toEqual(['completed', 'scheduled', 'ended-', 'without-', 'robots']);
});

test('where words do not fit, they are torn all the same: no line is wider than the screen', () => {
  const widths = fitColumns([HEAD, row('completed')], 70);
  expect(widths.reduce((sum, width) => sum + width + 2, 0)).toBeLessThanOrEqual(70);
});
