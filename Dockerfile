# The forwarding service as a container, for ARM and x86 alike: nothing in it is compiled.
#   docker build -t jetstream-aws-bridge .
#   docker run --read-only -e NATS_URL=… -e JETSTREAM_STREAM=… -e JETSTREAM_CONSUMER=… -e SQS_QUEUE_URL=… jetstream-aws-bridge

FROM node:24-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
# Optional are only the Node binaries that development uses; the image has its own Node.
RUN npm ci --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund

FROM node:24-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY package.json ./
COPY functions ./functions
USER node
EXPOSE 8080
STOPSIGNAL SIGTERM
# Where HEALTH_PORT is "off", or "0" for any free port, there is no port to ask and the process itself is the sign of life.
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s \
  CMD ["node", "-e", "const p = process.env.HEALTH_PORT || '8080'; if (/^[1-9]/.test(p)) fetch(`http://127.0.0.1:${p}/healthz`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# In exec form, so that the service itself gets SIGTERM and can settle what it holds. Node runs TypeScript as it is.
CMD ["node", "functions/forward.service.ts"]
