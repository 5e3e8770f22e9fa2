# docs/deploy.md says how to run it. A test builds the binary by the last RUN line,
# and runs it with only the files of the last stage.
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN mkdir -m 700 /storage
RUN CGO_ENABLED=0 go build -trimpath -ldflags="-s -w" -o /app .

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build --chown=65532:65532 /storage /storage
COPY --from=build /app /corral
USER 65532:65532
# SQLite needs a folder for the temporary files of a backup or a migration.
ENV GO_ENV=production SQLITE_TMPDIR=/storage
EXPOSE 3000
ENTRYPOINT ["/corral"]
