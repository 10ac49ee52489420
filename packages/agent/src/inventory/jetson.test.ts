import { expect, test } from 'vitest';
import { boardOf, jetpackOfDpkg, jetpackOfTegra } from './jetson.ts';

test.each([
  ['NVIDIA Jetson Orin Nano Developer Kit\0', 'jetson-orin-nano-developer-kit'],
  ['NVIDIA Jetson AGX Orin\0', 'jetson-agx-orin'],
  ['Raspberry Pi 4 Model B Rev 1.4\0', 'raspberry-pi-4-model-b-rev-1.4'],
  ['\0', undefined],
])('a board that calls itself %j is %s', (model, board) => {
  expect(boardOf(model)).toBe(board);
});

test('JetPack is the version of its package', () => {
  const status =
    'Package: zlib\nVersion: 1.2\n\nPackage: nvidia-jetpack\nStatus: ok\nVersion: 6.0+b106\n\nPackage: z\n';
  expect(jetpackOfDpkg(status)).toBe('6.0');
  expect(jetpackOfDpkg('Package: zlib\nVersion: 1.2\n')).toBeUndefined();
});

test.each([
  ['# R36 (release), REVISION: 4.3, GCID: 38968081, BOARD: generic, EABI: aarch64', '6.2'],
  ['# R36 (release), REVISION: 4.7, GCID: 1, BOARD: generic', '6.1'],
  ['# R35 (release), REVISION: 4.1, GCID: 33958178, BOARD: t186ref', '5.1.2'],
  ['# R99 (release), REVISION: 1.0', undefined],
  ['', undefined],
])('L4T %j comes with JetPack %s', (release, jetpack) => {
  expect(jetpackOfTegra(release)).toBe(jetpack);
});
