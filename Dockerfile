# pgtune with the PostgreSQL of its statistics-only clone. The server programs refuse to run as root, so nobody is.
FROM python:3.13-slim-bookworm
COPY . /src
RUN python3 -m venv /opt/pgtune \
    && /opt/pgtune/bin/pip install --no-cache-dir /src \
    && rm -rf /src
RUN useradd --create-home --uid 10001 pgtune
ENV PATH=/opt/pgtune/bin:$PATH
USER 10001
WORKDIR /work
ENTRYPOINT ["pgtune"]
CMD ["--help"]
