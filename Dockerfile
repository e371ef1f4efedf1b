# The command in a small image, as the user 65532. The build needs the history of git, from which a package has its date:
#     docker build --tag plait .
#     docker run --rm --volume "$PWD:/data" --user "$(id -u):$(id -g)" plait run requests.jsonl -o results.jsonl
FROM debian:12 AS build
RUN apt-get update && apt-get install --yes --no-install-recommends git make
COPY . /plait
RUN make -C /plait deb

FROM debian:12-slim
RUN --mount=type=bind,from=build,source=/plait/build/packages,target=/packages \
    apt-get update && apt-get install --yes --no-install-recommends ca-certificates /packages/plait_*.deb && \
    rm -rf /var/lib/apt/lists/*
USER 65532:65532
WORKDIR /data
ENTRYPOINT ["plait"]
