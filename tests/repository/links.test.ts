/** The documentation tells the code's story by linking into it; a link that leads nowhere is a lie. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const pages = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'], {
  cwd: ROOT,
  encoding: 'utf8',
})
  .split('\n')
  .filter(Boolean);
const LINK = /\[[^\]]*\]\(([^)\s]+)\)/g;

/** GitHub's anchor of a heading. */
const anchor = (heading: string): string =>
  heading
    .trim()
    .toLowerCase()
    .replace(/[`*_]/g, '')
    .replace(/[^\p{L}\p{N}\s-]/gu, '')
    .replace(/\s/g, '-');

function deadLinks(page: string): string[] {
  const text = readFileSync(join(ROOT, page), 'utf8').replace(/```[\s\S]*?```/g, '');
  return [...text.matchAll(LINK)].flatMap(([, link = '']) => {
    if (/^[a-z]+:/.test(link)) return [];
    const [path = '', fragment] = link.split('#');
    const target = path === '' ? join(ROOT, page) : join(ROOT, dirname(page), decodeURIComponent(path));
    if (!existsSync(target)) return [`${page}: ${link}`];
    if (!fragment || !target.endsWith('.md')) return [];
    const headings = readFileSync(target, 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('#'))
      .map((line) => anchor(line.replace(/^#+/, '')));
    return headings.includes(fragment) ? [] : [`${page}: ${link} (no such heading)`];
  });
}

test.each(pages)('every link of %s leads somewhere', (page) => {
  expect(deadLinks(page)).toEqual([]);
});

test('the story of an update links every beat to its code', () => {
  const story = readFileSync(join(ROOT, 'docs/story-of-an-update.md'), 'utf8');
  const beats = story.split(/^## /m).slice(1);
  expect(beats.length).toBeGreaterThanOrEqual(16);
  for (const beat of beats) expect(beat, beat.split('\n')[0]).toMatch(/\]\(\.\.\/packages\/[^)]+\.ts\)/);
});
