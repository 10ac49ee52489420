/** Certificates and key for the control plane, as files of this machine. They are read again when they change. */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Failure } from '@fairlead/shared/failure';
import { describeFileError } from '../file-error.ts';

export interface TlsFiles {
  /** PEM. Only certificates of these authorities are accepted, in place of those that Node trusts. */
  readonly caFile?: string;
  /** PEM: the certificate that this machine shows, with its chain. */
  readonly clientCertFile?: string;
  /** PEM, without a passphrase. */
  readonly clientKeyFile?: string;
}
/** PEM texts that belong together. */
export interface TlsMaterial {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** Why the three do not go together; undefined where they do. */
export const tlsFilesMistake = ({ clientCertFile, clientKeyFile }: TlsFiles): string | undefined =>
  (clientCertFile === undefined) === (clientKeyFile === undefined)
    ? undefined
    : 'a client certificate and its key belong together: name both files or none';

/** Throws a Failure that names every file which cannot be used; it contains nothing of the files. */
export async function readTlsFiles(files: TlsFiles): Promise<TlsMaterial> {
  const mistakes: string[] = [];
  const readAs = async <T>(file: string | undefined, what: string, parse: (pem: string) => T) => {
    if (file === undefined) return undefined;
    let pem: string;
    try {
      pem = await readFile(file, 'utf8');
    } catch (error) {
      mistakes.push(`${file}: ${describeFileError(error)}`);
      return undefined;
    }
    try {
      return { pem, parsed: parse(pem) };
    } catch {
      mistakes.push(`${file}: it contains no ${what}`);
      return undefined;
    }
  };
  const toCertificate = (pem: string): X509Certificate => new X509Certificate(pem);
  const ca = await readAs(files.caFile, 'certificate in PEM form', toCertificate);
  const cert = await readAs(files.clientCertFile, 'certificate in PEM form', toCertificate);
  const key = await readAs(
    files.clientKeyFile,
    'private key in PEM form without a passphrase',
    (pem): KeyObject => createPrivateKey(pem),
  );
  if (cert && key && !cert.parsed.checkPrivateKey(key.parsed)) {
    mistakes.push(`${files.clientKeyFile}: it is not the key of ${files.clientCertFile}`);
  }
  if (mistakes.length > 0) throw unusable(mistakes);
  return {
    ...(ca && { ca: ca.pem }),
    ...(cert && key && { cert: cert.pem, key: key.pem }),
  };
}

const unusable = (mistakes: readonly string[]): Failure =>
  new Failure({
    phase: 'check-in',
    element: 'tls',
    category: 'bad_tls_file',
    detail: `The control plane cannot be asked: ${mistakes.join('; ')}.`,
    retryable: true,
    hint: 'Correct the files or the options that name them; they are read again for each request.',
  });
