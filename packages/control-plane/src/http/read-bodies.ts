/** JSON is read once and its bytes are kept for the signature check; octet streams stay unread for their handler. */
import type { IncomingMessage } from 'node:http';
import { toStorableText } from '@fairlead/shared/storable-text';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { problem } from './problem.ts';
import { routeOf } from './route-context.ts';

export function readBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer' },
    async (request: FastifyRequest, bytes: Buffer) => {
      if (routeOf(request)?.body === 'bytes') throw wrongType('application/octet-stream');
      request.rawBody = bytes;
      return bytes.length === 0 ? undefined : parseJson(bytes);
    },
  );
  app.addContentTypeParser('application/octet-stream', async (request: FastifyRequest, stream: IncomingMessage) => {
    if (routeOf(request)?.body !== 'bytes') throw wrongType('application/json');
    return stream;
  });
}

/** NUL and half characters can stand in JSON only as escapes. */
const UNSTORABLE = /\\u(0000|d[89a-f])/i;
/** Replaced and not refused: a robot passes on what programs print, and must not go silent because of it. */
const storable = (_key: string, value: unknown): unknown => (typeof value === 'string' ? toStorableText(value) : value);

function parseJson(bytes: Uint8Array): unknown {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return UNSTORABLE.test(text) ? JSON.parse(text, storable) : JSON.parse(text);
  } catch (cause) {
    const why = cause instanceof SyntaxError ? cause.message : 'it is not UTF-8';
    throw problem('bad_request', `The body is not JSON: ${why}`, { hint: 'Send one JSON document in UTF-8.' });
  }
}

const wrongType = (expected: string) =>
  problem('unsupported_media', `This route takes ${expected}.`, { hint: `Set content-type: ${expected}.` });
