/** The author's file, with every mistake told by file, line and key. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { accept, type Result, refuse } from '@fairlead/shared/failure';
import { checkSections } from '@fairlead/shared/release/check-sections';
import { ReleaseYaml } from '@fairlead/shared/release/release-yaml';
import { openYaml, type YamlFile, type YamlMistake } from '@fairlead/toolkit/yaml-file';

/** Throws where the file cannot be read at all. */
export async function readReleaseYaml(folder: string): Promise<Result<YamlFile<ReleaseYaml>, readonly YamlMistake[]>> {
  const opened = openYaml(ReleaseYaml, await readFile(join(folder, 'release.yaml'), 'utf8'), 'release.yaml');
  if (!opened.ok) return opened;
  const mistakes = checkSections(opened.value.value);
  return mistakes.length === 0 ? accept(opened.value) : refuse(opened.value.locate(mistakes));
}
