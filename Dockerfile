# tq with the manifests' handlers in it: what compose.yaml starts. Your own image: the same, with your `tasks/` copied.
FROM node:24.11.0-slim
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# Optional packages are an embedded Postgres and a Node: both are here already.
RUN npm install --no-save --omit=dev --omit=optional --ignore-scripts && npm cache clean --force
COPY cli cli
COPY engine engine
COPY schemas schemas
COPY manifests manifests
COPY tasks tasks
USER node
# By exec, so that the worker gets the SIGTERM.
ENTRYPOINT ["node", "cli/tq.js"]
