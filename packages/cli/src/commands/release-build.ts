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
import { refusedError } from '../cli-error.ts';
import type { CliContext } from '../context.ts';
import type { Output } from '../output.ts';
import type { BuiltRelease } from '../release/build-release.ts';
import { checkAuthorFolder, checkReleaseFile, outputPlace } from '../release/check-folder.ts';
import type { ModelLimits } from '../release/model-limits.ts';
import { sayBytes } from '../release/say-bytes.ts';

interface BuildOptions {
  readonly output?: string;
  readonly skipSmokeTests?: boolean;
}

interface GoldenOptions extends ModelLimits {
  readonly inputs: string;
  readonly output?: string;
  readonly nonFinite?: readonly string[];
}
const LIMITS = OnnxSmokeTest.properties;

export function addBuildCommands(release: Command, context: CliContext): void {
  const { out } = context;
  release
    .command('build')
    .description('check a folder with a release.yaml and pack it into one .fairlead file')
    .argument('<dir>', 'the folder')
    .option('-o, --output <path>', 'a file or a folder; default: COMPONENT-VERSION.fairlead in the current folder')
    .option('--skip-smoke-tests', 'do not run them here; robots will run them all the same')
    .action(async (folder: string, options: BuildOptions) => {
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
      out.done({ file, ...identity, bundle: manifest.bundle, files: manifest.files.length }, () => {
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
    .action(async (model: string, { inputs, output, ...more }: GoldenOptions) => {
      const file = output ?? `${model.replace(/\.onnx$/i, '')}.golden.json`;
      const { makeGoldenFile } = await import('../release/golden-file.ts');
      const goldens = await makeGoldenFile(model, inputs, more);
      if (!goldens.ok) throw refusedError(goldens.refused);
      await writeDurably(file, `${JSON.stringify(goldens.value)}\n`);
      out.done({ file, cases: goldens.value.cases.length }, () => {
        out.line(`${goldens.value.cases.length} cases of ${basename(model)} are kept in ${file}.`, 'good');
      });
    });
}

async function build(out: Output, folder: string, { output, skipSmokeTests }: BuildOptions): Promise<BuiltRelease> {
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
    onModel: (path) => out.line(`inspecting ${path}`, 'dim'),
    onSmokeTest: ({ test, done, total }) => out.line(`smoke test ${done + 1} of ${total}: ${test}`, 'dim'),
    onPack: (bytes, of) => (bar ??= out.progress('packing', of)).set(bytes),
  });
  bar?.stop();
  if (!built.ok) throw buildError(built.refused, folder);
  if (skipSmokeTests === true) out.warn('the smoke tests were skipped: a robot may be the first to run this model');
  for (const warning of [...(built.value.smokeTests?.warnings ?? []), ...built.value.warnings]) out.warn(warning);
  return built.value;
}

const summaryOf = ({ file, identity, manifest, smokeTests }: BuiltRelease) => ({
  file,
  ...identity,
  bundle: manifest.bundle,
  files: manifest.files.length,
  sizeOnDisk: sizeOnDisk(manifest),
  ...(smokeTests && { smokeTests }),
});

function tellBuilt(out: Output, { file, identity, manifest, smokeTests }: BuiltRelease): void {
  if (smokeTests && smokeTests.models.length > 0) tellModels(out, smokeTests);
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
