/**
 * What may answer in the control plane's place: `node lying-server.ts ADDRESS PORT LOG`. What it does is read from the
 * file LOG.mode at each request; every request is a line of LOG, with the time it came.
 */
import { appendFileSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';

export const LIES = ['portal-page', 'portal-redirect', 'redirects', 'busy-429', 'busy-503'] as const;
export type Lie = (typeof LIES)[number];

const [address = '', port = '', log = ''] = process.argv.slice(2);
const PAGE = '<html><body>Please log in to the Wi-Fi of this warehouse</body></html>';
let redirects = 0;

const server = createServer((request, response) => {
  appendFileSync(log, `${JSON.stringify({ at: Date.now(), method: request.method, path: request.url })}\n`);
  request.resume();
  const lie = readFileSync(`${log}.mode`, 'utf8').trim();
  switch (lie) {
    case 'portal-page':
      return response.writeHead(200, { 'content-type': 'text/html' }).end(PAGE);
    case 'portal-redirect':
      return response.writeHead(302, { location: 'http://portal.example/login' }).end();
    case 'redirects':
      redirects += 1;
      // Ten thousand of them, each to the next, for whoever follows.
      return response.writeHead(redirects < 10_000 ? 307 : 200, { location: `/again/${redirects}` }).end();
    case 'busy-429':
      return response.writeHead(429, { 'retry-after': '4' }).end();
    default:
      return response.writeHead(503, { 'retry-after': new Date(Date.now() + 4_000).toUTCString() }).end();
  }
});
server.keepAliveTimeout = 1_000;
server.listen(Number(port), address);
