// Command greeter is a small HTTP service to try the platform with:
//
//	GET /greet?name=Ada   a greeting as JSON
//	GET /                 the same, for browsers
//	GET /healthz          200 while it serves
//
// It listens on $PORT (8080), greets with $GREETING ("Hello"), and logs each
// request as one line of JSON. It uses the standard library alone, so that a
// static binary is the whole image.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// drainTime is how long requests in flight may take after the pod is told to stop.
const drainTime = 5 * time.Second

// maxName bounds what is echoed back, in bytes.
const maxName = 100

func main() {
	log := slog.New(slog.NewJSONHandler(os.Stdout, nil))
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if err := serve(ctx, log); err != nil {
		log.Error("stopped", "error", err)
		os.Exit(1)
	}
}

func serve(ctx context.Context, log *slog.Logger) error {
	server := &http.Server{
		Addr:              ":" + setting("PORT", "8080"),
		Handler:           logged(log, routes(setting("GREETING", "Hello"))),
		ReadHeaderTimeout: 5 * time.Second,
		WriteTimeout:      10 * time.Second,
	}
	failed := make(chan error, 1)
	go func() { failed <- server.ListenAndServe() }()
	log.Info("listening", "address", server.Addr)
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	drained, cancel := context.WithTimeout(context.Background(), drainTime)
	defer cancel()
	if err := server.Shutdown(drained); err != nil && !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	log.Info("drained")
	return nil
}

func routes(greeting string) http.Handler {
	host, _ := os.Hostname()
	greet := func(w http.ResponseWriter, r *http.Request) {
		name := r.URL.Query().Get("name")
		if name == "" {
			name = "world"
		}
		if len(name) > maxName {
			http.Error(w, "name is longer than 100 bytes", http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		answer := map[string]string{"message": greeting + ", " + name + "!", "pod": host}
		if err := json.NewEncoder(w).Encode(answer); err != nil {
			slog.Warn("answer not written", "error", err)
		}
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", greet)
	mux.HandleFunc("GET /greet", greet)
	mux.HandleFunc("GET /healthz", func(http.ResponseWriter, *http.Request) {})
	return mux
}

// recorder remembers the status that a handler wrote.
type recorder struct {
	http.ResponseWriter
	status int
}

func (r *recorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

func logged(log *slog.Logger, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		recorded := &recorder{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(recorded, r)
		log.Info("request", "method", r.Method, "path", r.URL.Path, "status", recorded.status,
			"milliseconds", float64(time.Since(start).Microseconds())/1000)
	})
}

func setting(name, otherwise string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return otherwise
}
