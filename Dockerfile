# The suite in a container: `docker build -t reprolib . && docker run -it reprolib`. Not tried.
FROM python:3.11-slim
RUN apt-get update && apt-get install -y --no-install-recommends git make && rm -rf /var/lib/apt/lists/*
WORKDIR /reprolib
COPY . .
RUN make setup
ENV PATH=/reprolib/.venv/bin:$PATH
CMD ["make", "book"]
