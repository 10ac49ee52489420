/** How long requests take, by route and outcome. */
import type { FastifyInstance } from 'fastify';
import { Histogram, type Registry } from 'prom-client';

export function measureRequests(app: FastifyInstance, metrics: Registry): void {
  const durations = new Histogram({
    name: 'fairlead_http_request_seconds',
    help: 'Time to answer, by method, route and status. Check-ins include their long-poll.',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.005, 0.02, 0.1, 0.5, 2, 10, 30, 60],
    registers: [metrics],
  });
  app.addHook('onResponse', async (request, reply) => {
    // The route's pattern, never the path: labels must stay few, whoever asks for whatever.
    const route = request.routeOptions.url ?? 'unknown';
    durations.observe({ method: request.method, route, status: reply.statusCode }, reply.elapsedTime / 1000);
  });
}
