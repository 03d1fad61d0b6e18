# The server without Python's tools: `docker build --tag mockserver .`, see docs/containers.md.
FROM python:3.14-slim AS build
WORKDIR /src
COPY .ci/locked/run.txt ./
# Exact versions, checked by their hashes. Those that only build packages are taken out again below.
RUN python -m venv /venv \
 && /venv/bin/python -m pip install --no-cache-dir --disable-pip-version-check --requirement run.txt
COPY pyproject.toml README.md LICENSE ./
COPY mockserver mockserver
# EXTRAS=tls adds what --tls needs. WITHOUT=faker leaves out a quarter of the image; simulated players need it.
ARG EXTRAS=""
ARG WITHOUT=""
RUN /venv/bin/python -m pip install --no-cache-dir --disable-pip-version-check --no-build-isolation ".${EXTRAS:+[$EXTRAS]}" \
 && /venv/bin/python -m pip uninstall --quiet --yes \
    editables hatchling packaging pathspec pluggy tomlkit trove-classifiers setuptools ${WITHOUT} pip \
 && /venv/bin/python -m compileall -q /venv/lib

FROM python:3.14-slim
COPY --from=build /venv /venv
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    MOCKSERVER_HOST=0.0.0.0 \
    MOCKSERVER_LOG_FORMAT=json
WORKDIR /data
USER 65532:65532
EXPOSE 8089
# It follows MOCKSERVER_PORT, MOCKSERVER_ADMIN_PORT and MOCKSERVER_TLS.
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s CMD ["mockserver", "health"]
ENTRYPOINT ["mockserver"]
CMD ["serve"]
