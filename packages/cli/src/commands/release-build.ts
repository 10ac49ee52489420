/**
 * What needs no control plane: building a release, checking a built one, making goldens. The work is loaded when it is
 * asked for, so that no other command waits for archives, YAML and models.
 */
import { basename, resolve } from 'node:path';
import { sayRelease } from '@fairlead/shared/ids';
import { sizeOnDisk } from '@fairlead/shared/release/manifest';
import { OnnxSmokeTest } from '@fairlead/shared/release/release-yaml';
import { writeDurably } from '@fairlead/toolkit/durable-files';
import type { SmokeTestReport } from '@fairlead/toolkit/smoke-test/smoke-test';
import type { Command } from 'commander';
import { argument } from '../arguments.ts';
import { CliError, EXIT, refusedError } from '../cli-error.ts';
import type { CliContext } from '../context.ts';
import type { Output } from '../output.ts';
import type { BuiltRelease } from '../release/build-release.ts';
import { checkAuthorFolder, checkReleaseFile, outputPlace } from '../release/check-folder.ts';
import { describeMutants, goldenWarnings } from '../release/describe-goldens.ts';
import { describePacked } from '../release/describe-packed.ts';
import type { GoldenSettings } from '../release/golden-file.ts';
import { sayBytes } from '../release/say-bytes.ts';
import { showContract } from '../release/show-contract.ts';

interface BuildOptions {
  readonly output?: string;
  readonly skipSmokeTests?: boolean;
  readonly strict?: boolean;
}

type GoldenOptions = GoldenSettings & {
  readonly inputs: string;
  readonly output?: string;
  readonly strict?: boolean;
};
const LIMITS = OnnxSmokeTest.properties;

export function addBuildCommands(release: Command, context: CliContext): void {
  const { out } = context;
  release
    .command('build')
    .description('check a folder with a release.yaml and pack it into one .fairlead file')
    .argument('<dir>', 'the folder')
    .option('-o, --output <path>', 'a file or a folder; default: COMPONENT-VERSION.fairlead in the current folder')
    .option('--strict', 'refuse goldens that prove little, and untested models')
    .option('--skip-smoke-tests', 'do not run them here; robots will run them all the same')
    .action(async (folder: string, options: BuildOptions) => {
      if (options.strict === true && options.skipSmokeTests === true) {
        throw new CliError('--strict needs the smoke tests: leave --skip-smoke-tests out.', { exitCode: EXIT.usage });
      }
      const built = await build(out, resolve(folder), options);
      out.done(summaryOf(built), () => tellBuilt(out, built));
    });

  release
    .command('verify')
    .description('check a .fairlead file offline: every checksum, every file, nothing else in it')
    .argument('<file>')
    .action(async (file: string) => {
      const { verifyReleaseFile } = await import('../release/verify-release-file.ts');
      await checkReleaseFile(file);
      const verified = await verifyReleaseFile(file);
      if (!verified.ok) throw refusedError(verified.refused);
      const { manifest, identity } = verified.value;
      const { bundle, models } = manifest;
      out.done({ file, ...identity, bundle, files: manifest.files.length, models }, () => {
        showContract(out, models);
        out.line(`${sayRelease(identity)} is sound: ${contentOf(manifest)}.`, 'good');
        out.line(`manifest ${identity.manifestSha256}`, 'dim');
      });
    });

  release
    .command('golden')
    .description('run a model on inputs of yours and keep its answers as goldens')
    .argument('<model>', 'the .onnx file')
    .requiredOption('--inputs <file>', 'JSON: cases with inputs, flat or as nested lists')
    .option('-o, --output <file>', 'default: MODEL.golden.json beside the model')
    .option('--timeout-sec <seconds>', 'time limit of all runs; default 20', argument(LIMITS.timeoutSec))
    .option('--max-memory-mb <MiB>', 'memory limit of the model; default 1024', argument(LIMITS.maxMemoryMb))
    .option('--non-finite <output...>', 'outputs that may answer NaN or an infinity (masked logits)')
    .option('--rtol <number>', 'relative tolerance that release.yaml will have', argument(LIMITS.rtol))
    .option('--atol <number>', 'absolute tolerance that release.yaml will have', argument(LIMITS.atol))
    .option('--strict', 'refuse goldens that prove little')
    .action(async (model: string, { inputs, output, strict, ...settings }: GoldenOptions) => {
      const file = output ?? `${model.replace(/\.onnx$/i, '')}.golden.json`;
      const [{ makeGoldenFile }, { buildError }] = await Promise.all([
        import('../release/golden-file.ts'),
        import('../release/build-refusal.ts'),
      ]);
      const made = await makeGoldenFile(model, inputs, settings);
      if (!made.ok) throw refusedError(made.refused);
      const { goldens, assessment } = made.value;
      const warnings = goldenWarnings([assessment]);
      if (strict === true && warnings.length > 0) throw buildError({ warnings }, model);
      for (const warning of warnings) out.warn(warning);
      await writeDurably(file, `${JSON.stringify(goldens)}\n`);
      const { weaknesses, mutants } = assessment;
      out.done({ file, cases: goldens.cases.length, weaknesses, mutants }, () => {
        for (const line of describeMutants(assessment)) out.line(line, 'dim');
        out.line(`${goldens.cases.length} cases of ${basename(model)} are kept in ${file}.`, 'good');
      });
    });
}

async function build(
  out: Output,
  folder: string,
  { output, skipSmokeTests, strict }: BuildOptions,
): Promise<BuiltRelease> {
  const [{ buildRelease }, { buildError }] = await Promise.all([
    import('../release/build-release.ts'),
    import('../release/build-refusal.ts'),
  ]);
  await checkAuthorFolder(folder);
  const placeOf = await outputPlace(resolve(output ?? '.'));
  let bar: ReturnType<Output['progress']> | undefined;
  const built = await buildRelease({
    folder,
    to: ({ component, version }) => placeOf(`${component}-${version}.fairlead`),
    skipSmokeTests: skipSmokeTests === true,
    strict: strict === true,
    onModel: (path) => out.line(`inspecting ${path}`, 'dim'),
    onSmokeTest: ({ test, done, total }) => out.line(`smoke test ${done + 1} of ${total}: ${test}`, 'dim'),
    onGoldens: (model) => out.line(`trying the goldens of ${model} on wrong models`, 'dim'),
    onPack: (bytes, of) => (bar ??= out.progress('packing', of)).set(bytes),
  });
  bar?.stop();
  if (!built.ok) throw buildError(built.refused, folder);
  if (skipSmokeTests === true) out.warn('the smoke tests were skipped: a robot may be the first to run this model');
  for (const warning of [...(built.value.smokeTests?.warnings ?? []), ...built.value.warnings]) out.warn(warning);
  return built.value;
}

const summaryOf = ({ file, identity, manifest, smokeTests, goldens, warnings, leftOut }: BuiltRelease) => ({
  file,
  ...identity,
  bundle: manifest.bundle,
  files: manifest.files.length,
  sizeOnDisk: sizeOnDisk(manifest),
  models: manifest.models,
  ...(smokeTests && { smokeTests, goldens }),
  packed: manifest.files.map(({ path, size }) => ({ path, size })),
  leftOut,
  warnings,
});

function tellBuilt(out: Output, { file, identity, manifest, smokeTests, goldens, leftOut }: BuiltRelease): void {
  showContract(out, manifest.models);
  if (smokeTests && smokeTests.models.length > 0) tellModels(out, smokeTests);
  for (const line of goldens.flatMap(describeMutants)) out.line(line, 'dim');
  for (const line of describePacked(manifest.files, leftOut)) out.line(line, 'dim');
  out.line(`${sayRelease(identity)} is built: ${contentOf(manifest)}.`, 'good');
  out.line(file, 'strong');
  out.line(`manifest ${identity.manifestSha256}`, 'dim');
}

function tellModels(out: Output, { models }: SmokeTestReport): void {
  const ms = (value: number): string => `${value.toFixed(2)} ms`;
  out.table(
    ['MODEL', 'GOLDENS', 'LOAD', 'P50', 'P95', 'MEMORY'],
    models.map((of) => [
      of.model,
      of.cases,
      ms(of.loadMs),
      ms(of.p50Ms),
      ms(of.p95Ms),
      `${Math.ceil(of.peakMemoryMb)} MB`,
    ]),
  );
}

const contentOf = (manifest: BuiltRelease['manifest']): string =>
  `${manifest.files.length} files, ${sayBytes(sizeOnDisk(manifest))} (${sayBytes(manifest.bundle.size)} packed)`;
