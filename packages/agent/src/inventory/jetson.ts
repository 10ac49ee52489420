/** What an NVIDIA Jetson says of itself, read from text. */

/** `NVIDIA Jetson Orin Nano Developer Kit\0` -> `jetson-orin-nano-developer-kit`; undefined where nothing is left. */
export function boardOf(model: string): string | undefined {
  const slug = model
    .toLowerCase()
    .replaceAll(/[^a-z0-9._]+/g, '-')
    .replace(/^-?(nvidia-)?/, '')
    .replace(/-$/, '')
    .slice(0, 100);
  return slug === '' ? undefined : slug;
}

/** The version of the installed package `nvidia-jetpack`, from /var/lib/dpkg/status: `6.0+b106` -> `6.0`. */
export function jetpackOfDpkg(status: string): string | undefined {
  const paragraph = status.split('\n\n').find((each) => /^Package: nvidia-jetpack$/m.test(each));
  return paragraph && /^Version: (\d+(\.\d+){1,2})/m.exec(paragraph)?.[1];
}

/** From /etc/nv_tegra_release (`# R36 (release), REVISION: 4.3, …`), where the package is not installed. */
export function jetpackOfTegra(release: string): string | undefined {
  const [, major, revision] = /R(\d+) \(release\), REVISION: (\d+(?:\.\d+)?)/.exec(release) ?? [];
  if (major === undefined || revision === undefined) return undefined;
  const l4t = `${major}.${revision}`;
  // The longest prefix that is known: 36.4.3 before 36.4.
  return L4T_TO_JETPACK.find(([prefix]) => l4t === prefix || l4t.startsWith(`${prefix}.`))?.[1];
}

/** NVIDIA's table (developer.nvidia.com/embedded/jetpack-archive), newest first. */
const L4T_TO_JETPACK: readonly (readonly [l4t: string, jetpack: string])[] = [
  ['38.2', '7.0'],
  ['36.4.4', '6.2.1'],
  ['36.4.3', '6.2'],
  ['36.4', '6.1'],
  ['36.3', '6.0'],
  ['35.6', '5.1.4'],
  ['35.5', '5.1.3'],
  ['35.4', '5.1.2'],
  ['35.3', '5.1.1'],
  ['35.2', '5.1'],
  ['35.1', '5.0.2'],
  ['32.7', '4.6.1'],
  ['32.6', '4.6'],
];
