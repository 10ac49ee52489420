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
