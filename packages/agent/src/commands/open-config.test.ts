import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openConfig } from './open-config.ts';

async function folder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'fairlead-open-config-'));
  onTestFinished(() => rm(made, { recursive: true }));
  return made;
}
const ENROLL_FIRST = { exitCode: 2, hint: expect.stringContaining('fairlead-agent enroll --server') };

test('a robot without an agent.yaml is told to enroll first, by every command', async () => {
  await expect(openConfig(join(await folder(), 'agent.yaml'))).rejects.toMatchObject(ENROLL_FIRST);
});

test('a robot whose agent.yaml has only comments, as the package brings it, is told to enroll first', async () => {
  const file = join(await folder(), 'agent.yaml');
  await writeFile(file, '# server: https://fleet.example\n\n');
  await expect(openConfig(file)).rejects.toMatchObject(ENROLL_FIRST);
});

test('an agent.yaml with a mistake is told by its line', async () => {
  const file = join(await folder(), 'agent.yaml');
  await writeFile(file, 'server: http://fleet.test\nenvironment: nowhere\n');
  await expect(openConfig(file)).rejects.toMatchObject({ exitCode: 2, message: expect.stringContaining(`${file}:2`) });
});

test('an agent.yaml that can’t be read for another reason is told with that reason', async () => {
  await expect(openConfig(await folder())).rejects.toMatchObject({
    message: expect.stringContaining('it is a folder'),
  });
});
