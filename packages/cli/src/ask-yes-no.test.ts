import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { yesNoAsker } from './ask-yes-no.ts';

test('attack 83: what a robot reports can’t repaint the question that a person answers', async () => {
  const stdin = Object.assign(new PassThrough(), { isTTY: true });
  const stderr = new PassThrough();
  stdin.end('y\n');
  expect(await yesNoAsker(stdin, stderr)('It left \u001b[2K\u202e it.\nReturn to 1.0.0?')).toBe(true);
  stderr.end();
  const shown = await text(stderr);
  expect(shown).toContain('It left \\u{1b}[2K\\u{202e} it.\nReturn to 1.0.0? [y/N] ');
});

const terminal = () => Object.assign(new PassThrough(), { isTTY: true as const });

test('Ctrl-D at a question is no, and the command goes on to say that nothing was done', async () => {
  const stdin = terminal();
  const answer = yesNoAsker(stdin, new PassThrough())('Send the fleet back?');
  stdin.end();
  expect(await answer).toBe(false);
});

test('only yes is yes', async () => {
  for (const [typed, yes] of [
    ['y', true],
    ['YES', true],
    ['', false],
    ['n', false],
    ['yesterday', false],
  ] as const) {
    const stdin = terminal();
    const answer = yesNoAsker(stdin, new PassThrough())('Send the fleet back?');
    stdin.write(`${typed}\n`);
    expect(await answer).toBe(yes);
  }
});

/** A screen: readline then reads keys, as on a real terminal, and not lines. */
const screen = (columns = 80) => Object.assign(new PassThrough(), { isTTY: true as const, columns });

test.each([
  ['Ctrl-D', '\u0004'],
  ['Ctrl-C', '\u0003'],
])('%s on a real terminal is no, and no error of its own', async (_name, key) => {
  const stdin = Object.assign(terminal(), { setRawMode: () => stdin });
  const stderr = screen();
  const answer = yesNoAsker(stdin, stderr)('Send the fleet back?');
  stdin.write(key);
  expect(await answer).toBe(false);
  stderr.end();
  // Nobody pressed Enter: what is said next begins on a line of its own.
  expect(await text(stderr)).toMatch(/\n$/);
});

test('a question keeps to the width of the terminal', async () => {
  const stdin = terminal();
  const stderr = screen(40);
  stdin.end('y\n');
  await yesNoAsker(stdin, stderr)('Resume ro_0mx052nkz00005h56o0he and accept 1 failure in stage 1 (duck-3)?');
  stderr.end();
  const lines = (await text(stderr)).replace(/\u001b\[[0-9;?]*[A-Za-z]/g, '').split(/[\r\n]+/);
  expect(lines.filter((line) => line.length > 40)).toEqual([]);
});

test('without a terminal, the question is one line that can be read', async () => {
  const asked = yesNoAsker(new PassThrough(), new PassThrough())('It left 2.0.0.\nReturn to it all the same?');
  await expect(asked).rejects.toMatchObject({ options: { where: 'It left 2.0.0. Return to it all the same?' } });
});
