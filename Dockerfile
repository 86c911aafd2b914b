# The site and its background programs: one image, several commands (docker-compose.yml).
FROM python:3.11-slim-bookworm AS build
RUN apt-get update \
    && apt-get install -y --no-install-recommends gcc libmariadb-dev pkg-config \
    && rm -rf /var/lib/apt/lists/*
COPY requirements.lock .
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --require-hashes -r requirements.lock

FROM python:3.11-slim-bookworm
RUN apt-get update \
    && apt-get install -y --no-install-recommends libmariadb3 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home mco2 \
    && install -d -o mco2 /app/var
COPY --from=build /venv /venv
COPY manage.py /app/
COPY mco2site /app/mco2site
COPY cluster /app/cluster
COPY titles /app/titles
COPY sql /app/sql
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1
WORKDIR /app
USER mco2
EXPOSE 8000
CMD ["gunicorn", "mco2site.wsgi", "--bind", "0.0.0.0:8000", "--workers", "2", "--threads", "8", "--keep-alive", "60", "--no-control-socket"]
