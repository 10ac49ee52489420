/**
 * `fairlead release build`: a folder with a release.yaml becomes one `.fairlead` file. Nothing is packed that was not
 * looked at: every file is hashed, every model is loaded and proven in a guarded child process.
 */
import { mkdtemp } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { accept, type Refusal, type Result, refuse } from '@fairlead/shared/failure';
import { fileListBytes, fileListReference, withFiles } from '@fairlead/shared/release/file-list';
import {
  MANIFEST_SCHEMA,
  MANIFEST_SCHEMA_WITH_LIST,
  type Manifest,
  type ManifestWithFiles,
  type ModelContract,
  type ReleaseIdentity,
} from '@fairlead/shared/release/manifest';
import { identify, manifestBytes, parseManifest } from '@fairlead/shared/release/parse-manifest';
import type { ReleaseYaml } from '@fairlead/shared/release/release-yaml';
import { sha256Hex } from '@fairlead/shared/trust/digest';
import { LIMITS } from '@fairlead/shared/trust/limits';
import { packBundle } from '@fairlead/toolkit/bundle/pack-bundle';
import { removeTree } from '@fairlead/toolkit/bundle/remove-tree';
import { assessGoldens, type GoldenAssessment } from '@fairlead/toolkit/smoke-test/assess-goldens';
import { inspectModel } from '@fairlead/toolkit/smoke-test/inspect-model';
import { runSmokeTests } from '@fairlead/toolkit/smoke-test/run-smoke-tests';
import type { SmokeTestProgress, SmokeTestReport } from '@fairlead/toolkit/smoke-test/smoke-test';
import type { BuildRefusal } from './build-refusal.ts';
import { goldenWarnings } from './describe-goldens.ts';
import { isModel, untestedWarnings } from './model-formats.ts';
import { modelLimits } from './model-limits.ts';
import { type Author, readAuthorFolder } from './read-author-folder.ts';
import { writeReleaseFile } from './release-file.ts';

export interface BuildOrder {
  readonly folder: string;
  /** Where the `.fairlead` file goes. */
  readonly to: (release: ReleaseYaml) => string;
  /** Models are still inspected. The robots will run the tests all the same. */
  readonly skipSmokeTests?: boolean;
  /** Refuse where there would be warnings. */
  readonly strict?: boolean;
  readonly onModel?: (path: string) => void;
  readonly onSmokeTest?: (progress: SmokeTestProgress) => void;
  /** Before the goldens of this model are tried on wrong models. */
  readonly onGoldens?: (model: string) => void;
  readonly onPack?: (bytes: number, of: number) => void;
}
export interface BuiltRelease {
  readonly file: string;
  readonly manifest: ManifestWithFiles;
  readonly identity: ReleaseIdentity;
  /** Absent where the smoke tests were skipped. */
  readonly smokeTests?: SmokeTestReport;
  /** What the goldens prove; empty where the smoke tests were skipped. */
  readonly goldens: readonly GoldenAssessment[];
  /** What its author should know, one sentence each. */
  readonly warnings: readonly string[];
  /** What no robot needs and was not packed: files, and folders with a "/" at the end. */
  readonly leftOut: readonly string[];
}
export async function buildRelease(order: BuildOrder): Promise<Result<BuiltRelease, BuildRefusal>> {
  const author = await readAuthorFolder(order.folder);
  if (!author.ok) return author;
  const models = await inspectModels(order, author.value);
  if (!models.ok) return refuse({ refusal: models.refused });
  const { draft, fileList } = draftOf(author.value, models.value);
  // Before the minutes that tests and packing take.
  const parsed = parseManifest(manifestBytes(draft), 'build');
  const sound = parsed.ok ? withFiles(parsed.value, fileList, 'build') : parsed;
  if (!sound.ok) return refuse({ refusal: sound.refused });
  const tested = order.skipSmokeTests === true ? undefined : await proveModels(order, draft);
  if (tested && !tested.ok) return refuse({ refusal: tested.refused });
  const goldens = tested ? await assess(order, draft) : [];
  const warnings = [
    ...author.value.warnings,
    ...goldenWarnings(goldens),
    ...untestedWarnings(author.value.release.files),
  ];
  if (order.strict === true && warnings.length > 0) return refuse({ warnings });

  const file = order.to(author.value.release);
  const manifest = await pack(order, file, { draft, fileList });
  const identity = identify(manifest, manifestBytes(manifest));
  return accept({
    file,
    manifest,
    identity,
    ...(tested && { smokeTests: tested.value }),
    goldens,
    warnings,
    leftOut: author.value.leftOut,
  });
}

const UNPACKED: Manifest['bundle'] = { format: 'tar+zstd', size: Number.MAX_SAFE_INTEGER, sha256: sha256Hex('') };

async function inspectModels(
  { folder, onModel }: BuildOrder,
  { release, files }: Author,
): Promise<Result<ModelContract[], Refusal>> {
  const limits = modelLimits(release);
  const contracts: ModelContract[] = [];
  for (const { path } of files) {
    const allowed = limits.get(path);
    if (!isModel(path) && !allowed) continue;
    onModel?.(path);
    const inspected = await inspectModel({
      folder,
      path,
      component: release.component,
      ...(allowed && { limits: allowed }),
    });
    // "the model" is enough for who loads one; a release may have several.
    if (!inspected.ok) return refuse({ ...inspected.refused, element: elementOf(path, inspected.refused.element) });
    contracts.push(inspected.value);
  }
  return accept(contracts);
}

const elementOf = (path: string, element: string): string =>
  element === 'model' || element.includes(path) ? path : `${path}: ${element}`.slice(0, 300);

const proveModels = (
  { folder, onSmokeTest }: BuildOrder,
  manifest: ManifestWithFiles,
): Promise<Result<SmokeTestReport, Refusal>> =>
  runSmokeTests({ folder, manifest, phase: 'build', ...(onSmokeTest && { onProgress: onSmokeTest }) });

const assess = ({ folder, onGoldens }: BuildOrder, manifest: ManifestWithFiles): Promise<readonly GoldenAssessment[]> =>
  assessGoldens({ folder, manifest, ...(onGoldens && { onProgress: ({ test }) => onGoldens(test) }) });

interface Draft {
  /** Complete but for the bundle. */
  readonly draft: ManifestWithFiles;
  /** Present where the manifest names its files by digest. */
  readonly fileList: Uint8Array | undefined;
}

async function pack(order: BuildOrder, to: string, { draft, fileList }: Draft): Promise<ManifestWithFiles> {
  // Beside the result, because that is where there must be room anyway; /tmp may be small.
  const workshop = await mkdtemp(join(dirname(to), '.fairlead-build-'));
  try {
    const { folder, onPack } = order;
    const packed = await packBundle({
      folder,
      files: draft.files,
      to: join(workshop, 'bundle'),
      ...(onPack && { onProgress: onPack }),
    });
    const bundle = { format: 'tar+zstd', size: packed.size, sha256: packed.sha256 } as const;
    const manifest = { ...draft, bundle };
    await writeReleaseFile({ to, manifestBytes: manifestBytes(manifest), fileList, bundle: packed });
    return manifest;
  } finally {
    await removeTree(workshop);
  }
}

/**
 * Everything the author said is signed; only the selection of files is replaced by the files themselves. They are in the
 * manifest while it stays small enough for every robot, older agents too; of more files it names the list by digest.
 */
function draftOf({ release, files: listed }: Author, models: readonly ModelContract[]): Draft {
  const { files: _selection, ...sections } = release;
  const files = [...listed];
  const inline: ManifestWithFiles = {
    schema: MANIFEST_SCHEMA,
    ...sections,
    files,
    models: [...models],
    bundle: UNPACKED,
  };
  if (manifestBytes(inline).length <= LIMITS.manifestBytes) return { draft: inline, fileList: undefined };
  const list = fileListBytes(files);
  const fileList = fileListReference(files, list);
  return { draft: { ...inline, schema: MANIFEST_SCHEMA_WITH_LIST, fileList }, fileList: list };
}
