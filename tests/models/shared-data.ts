/** Where real models lie on a developer's machine. They are not part of the project: tests say when they skip. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const DATA = fileURLToPath(new URL('../../../shared/data/', import.meta.url));
export const MODELS = `${DATA}models/`;
export const BAD_MODELS = `${DATA}bad-models/`;
export const hasSharedData = existsSync(`${MODELS}MANIFEST.json`) && existsSync(`${BAD_MODELS}variants.tar.zst`);
export const whySkipped = hasSharedData ? '' : ' (skipped: ../shared/data is absent)';
