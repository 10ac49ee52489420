/** A durable report on its way: sealed by the robot, opened by the control plane (TRUST 4.10). */
import { accept, type Result, refuse } from '../failure.ts';
import type { Sha256 } from '../ids.ts';
import { parse } from '../parse.ts';
import { toStorableText } from '../storable-text.ts';
import type { Envelope } from './assignment.ts';
import { sha256Hex } from './digest.ts';
import { openEnvelope, sealEnvelope } from './dsse.ts';
import type { Signer } from './ed25519.ts';
import { REPORT_TYPE, Report } from './report.ts';
import { parseStrictJson } from './strict-json.ts';

export interface ReportRefusal {
  readonly code: 'bad_signature' | 'bad_json';
  readonly detail: string;
}
export interface OpenedReport {
  readonly report: Report;
  /** Of the payload bytes: the `prevReportSha256` of the report that follows. */
  readonly sha256: Sha256;
}

/** Signs one report. */
export function signReport(report: Report, robot: Signer): Envelope {
  return sealEnvelope(REPORT_TYPE, new TextEncoder().encode(JSON.stringify(report, speakable)), robot);
}

/** Opens a report that `publicKey` (hex) signed. The caller checks robot, seq and chain. */
export function openReport(envelope: Envelope, publicKey: string): Result<OpenedReport, ReportRefusal> {
  const opened = openEnvelope(REPORT_TYPE, envelope, [publicKey]);
  if (!opened.ok) return opened;
  const json = parseStrictJson(opened.value);
  if (!json.ok) return json;
  const report = parse(Report, json.value);
  if (!report.ok) {
    return refuse({ code: 'bad_json', detail: report.refused.map(({ at, message }) => `${at} ${message}`).join('; ') });
  }
  return accept({ report: report.value, sha256: sha256Hex(opened.value) });
}

/** The strict reader refuses NUL and lone surrogates: a child's odd output must not block the outbox for ever. */
const speakable = (_key: string, value: unknown): unknown =>
  typeof value === 'string' ? toStorableText(value) : value;
