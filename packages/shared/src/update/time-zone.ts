/** IANA time zones by name, and the one that a person most likely meant. */
import { closestWord } from '../closest-word.ts';

export function isTimeZone(zone: string): boolean {
  try {
    // Offsets such as +02:00 are accepted by Intl but know no summer time: a window would drift by an hour.
    return new Intl.DateTimeFormat('en', { timeZone: zone }) instanceof Intl.DateTimeFormat && !/^[+-]/.test(zone);
  } catch {
    return false;
  }
}

/** `Europe/Berln`, `berlin` and `New York` all mean a zone; undefined where nothing is near. */
export function closestZone(word: string): string | undefined {
  const zones = Intl.supportedValuesOf('timeZone');
  const wanted = word.trim().replaceAll(' ', '_');
  const whole = closestWord(wanted, zones);
  if (whole !== undefined) return whole;
  const city = closestWord(cityOf(wanted), zones.map(cityOf));
  return zones.find((zone) => cityOf(zone) === city);
}

const cityOf = (zone: string): string => zone.slice(zone.lastIndexOf('/') + 1);
