/** Do the smoke tests of release.yaml find what they name among the selected files? */
import { matchesGlob } from 'node:path';
import type { Mistake } from '@fairlead/shared/parse';
import type { SmokeTest } from '@fairlead/shared/release/release-yaml';

/** Mistakes by JSON pointer into release.yaml. */
export function checkSmokeTestPaths(smokeTests: readonly SmokeTest[], paths: readonly string[]): Mistake[] {
  return smokeTests.flatMap((test, index) => {
    const at = `/smokeTests/${index}`;
    return 'onnx' in test
      ? checkModel(`${at}/onnx`, test.onnx, paths)
      : checkCommand(`${at}/command`, test.command, paths);
  });
}

function checkModel(
  at: string,
  { model, goldens = [] }: { readonly model: string; readonly goldens?: string | readonly string[] },
  paths: readonly string[],
): Mistake[] {
  const mistakes: Mistake[] = [];
  if (!paths.includes(model)) mistakes.push({ at: `${at}/model`, message: `"${model}" is not a file of this release` });
  const globs = typeof goldens === 'string' ? [goldens] : goldens;
  globs.forEach((glob, index) => {
    if (paths.some((path) => matchesGlob(path, glob))) return;
    const place = typeof goldens === 'string' ? `${at}/goldens` : `${at}/goldens/${index}`;
    mistakes.push({ at: place, message: `"${glob}" matches no file of this release` });
  });
  return mistakes;
}

/** A program of the robot is looked up there; one of the release must be in it. */
function checkCommand(at: string, { run }: { readonly run: readonly string[] }, paths: readonly string[]): Mistake[] {
  const program = run[0] ?? '';
  if (!program.startsWith('./') || paths.includes(program.slice(2))) return [];
  return [{ at: `${at}/run/0`, message: `"${program}" is not a file of this release` }];
}
