/**
 * The list of files of a release with too many of them for its manifest (docs/decisions/0042). It is a blob beside the
 * bundle; the signed manifest names it by digest. Nothing in it is used before its bytes were compared with that digest.
 */
import { type Static, Type } from 'typebox';
import { accept, type Phase, type Refusal, type Result, refuse } from '../failure.ts';
import { type Mistake, parse } from '../parse.ts';
import { sha256Hex } from '../trust/digest.ts';
import { LIMITS } from '../trust/limits.ts';
import { parseStrictJson } from '../trust/strict-json.ts';
import { checkFiles } from './check-manifest.ts';
import { jcs } from './jcs.ts';
import { type FileListReference, type Manifest, type ManifestWithFiles, ReleaseFile, sumOfSizes } from './manifest.ts';

const FILE_LIST_SCHEMA = 'fairlead.files.v1';
const FileList = Type.Object(
  {
    schema: Type.Literal(FILE_LIST_SCHEMA),
    // Each file is checked by itself: the first wrong one of twenty thousand ends it.
    files: Type.Array(Type.Unknown(), { minItems: 1, maxItems: LIMITS.files }),
  },
  { additionalProperties: false },
);

/** The one way to write a list: RFC 8785, UTF-8, so that the same files give the same release. */
export const fileListBytes = (files: ReleaseFile[]): Uint8Array =>
  new TextEncoder().encode(jcs({ schema: FILE_LIST_SCHEMA, files } satisfies Static<typeof FileList>));

export const fileListReference = (files: readonly ReleaseFile[], bytes: Uint8Array): FileListReference => ({
  sha256: sha256Hex(bytes),
  size: bytes.length,
  count: files.length,
  sizeOnDisk: sumOfSizes(files),
});

/**
 * The manifest with its files: those it holds, or those of `list`, the bytes that its `fileList` names. Categories:
 * missing_file_list, too_big, length, hash, bad_json, bad_file_list, path, empty, bad_manifest. `manifest` was parsed by parseManifest.
 */
export function withFiles(
  manifest: Manifest,
  list: Uint8Array | undefined,
  phase: Phase = 'verify',
): Result<ManifestWithFiles, Refusal> {
  const { files, fileList, component } = manifest;
  if (files) return accept({ ...manifest, files });
  const no = (category: string, detail: string) =>
    refuse<Refusal>({
      phase,
      component,
      element: 'files.json',
      category,
      detail: detail.slice(0, 2000),
      retryable: false,
      hint: HINT,
    });
  if (!fileList) throw new TypeError('the manifest has neither files nor a list of them');
  if (!list) return no('missing_file_list', 'The list of files that the manifest names is not here, or not whole.');
  // Size before digest, digest before content: a hostile list costs no more than the bytes that were signed.
  if (list.length > LIMITS.fileListBytes) {
    return no('too_big', `The list of files has ${list.length} bytes, and at most ${LIMITS.fileListBytes} may be.`);
  }
  if (list.length !== fileList.size) {
    return no('length', `The list of files has ${list.length} bytes, not the ${fileList.size} that were signed.`);
  }
  const sha256 = sha256Hex(list);
  if (sha256 !== fileList.sha256) {
    return no('hash', `The list of files has SHA-256 ${sha256}, not ${fileList.sha256} as was signed.`);
  }
  const json = parseStrictJson(list);
  if (!json.ok) return no('bad_json', `The list of files: ${json.refused.detail}`);
  const parsed = parse(FileList, json.value);
  if (!parsed.ok) return no('bad_file_list', formatMistakes('', parsed.refused));
  if (parsed.value.files.length !== fileList.count) {
    return no('bad_file_list', `It lists ${parsed.value.files.length} files, and ${fileList.count} were signed.`);
  }
  const listed: ReleaseFile[] = [];
  for (const [index, file] of parsed.value.files.entries()) {
    const one = parse(ReleaseFile, file);
    if (!one.ok) return no('bad_file_list', formatMistakes(`/files/${index}`, one.refused));
    listed.push(one.value);
  }
  const [mistake] = checkFiles(manifest, listed);
  if (mistake) return no(mistake.category, `${mistake.at}: ${mistake.message}`);
  const bytes = sumOfSizes(listed);
  if (bytes !== fileList.sizeOnDisk) {
    return no('bad_file_list', `Its files have ${bytes} bytes, and ${fileList.sizeOnDisk} were signed.`);
  }
  return accept({ ...manifest, files: listed });
}

const formatMistakes = (at: string, mistakes: readonly Mistake[]): string =>
  mistakes.map((mistake) => `${at}${mistake.at || (at ? '' : '/')}: ${mistake.message}`).join('; ');

const HINT = 'Build the release again with `fairlead release build` and publish it again.';
