package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A cluster lives in two places: the folder HOME/run/NAME (keys, data, logs,
// process ids) and, unless it is api-only, the network namespace
// quintet-NAME. The namespace holds everything that Kubernetes does to a
// network (addresses, routes, nftables, sysctls, listeners), so clusters never
// meet and deleting it removes all of it. A bridge joins the namespaces and the
// host; no route leads off the machine.
const (
	hostBridge  = "quintet0"
	hostAddress = "10.111.0.1"
	maxClusters = 60
)

type cluster struct {
	Name     string `json:"name"`
	Index    int    `json:"index"` // picks addresses; lowest that is free
	APIOnly  bool   `json:"apiOnly,omitempty"`
	NodeIP   string `json:"nodeIP"`
	Port     int    `json:"port"` // of the apiserver
	EtcdPort int    `json:"etcdPort"`
	PeerPort int    `json:"peerPort"`
}

// home is the folder of binaries and state.
func home() string {
	if h := os.Getenv("QUINTET_CLUSTER_HOME"); h != "" {
		return h
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	return filepath.Join(cache, "quintet", "cluster")
}

func runDir() string            { return filepath.Join(home(), "run") }
func binary(n string) string    { return filepath.Join(home(), "bin", n) }
func stateFile(n string) string { return filepath.Join(runDir(), n, "cluster.json") }

func (c *cluster) path(parts ...string) string {
	return filepath.Join(append([]string{runDir(), c.Name}, parts...)...)
}
func (c *cluster) nodeName() string           { return "quintet-" + c.Name }
func (c *cluster) netns() string              { return "quintet-" + c.Name }
func (c *cluster) veth() string               { return fmt.Sprintf("quintet-v%d", c.Index) }
func (c *cluster) cgroup() string             { return "/quintet/" + c.Name }
func (c *cluster) podCIDR() string            { return fmt.Sprintf("10.%d.0.0/18", 64+c.Index) }
func (c *cluster) fakePodCIDR() string        { return fmt.Sprintf("10.%d.64.0/18", 64+c.Index) }
func (c *cluster) serviceCIDR() string        { return fmt.Sprintf("10.%d.128.0/17", 64+c.Index) }
func (c *cluster) serviceIP(n int) string     { return fmt.Sprintf("10.%d.128.%d", 64+c.Index, n) }
func (c *cluster) apiURL() string             { return fmt.Sprintf("https://%s:%d", c.NodeIP, c.Port) }
func (c *cluster) containerdSock() string     { return c.path("containerd", "c.sock") }
func (c *cluster) pki(f string) string        { return c.path("pki", f) }
func (c *cluster) kubeconfig(u string) string { return c.path("pki", u+".kubeconfig") }

func (c *cluster) save() error {
	data, _ := json.MarshalIndent(c, "", "  ")
	if err := os.MkdirAll(c.path("pids"), 0o700); err != nil {
		return err
	}
	if err := os.MkdirAll(c.path("logs"), 0o755); err != nil {
		return err
	}
	return os.WriteFile(stateFile(c.Name), data, 0o600)
}

func loadCluster(name string) (*cluster, error) {
	data, err := os.ReadFile(stateFile(name))
	if err != nil {
		return nil, err
	}
	c := &cluster{}
	return c, json.Unmarshal(data, c)
}

// listClusters returns every cluster that has state, running or not.
func listClusters() []*cluster {
	entries, _ := os.ReadDir(runDir())
	var out []*cluster
	for _, e := range entries {
		if c, err := loadCluster(e.Name()); err == nil {
			out = append(out, c)
		}
	}
	return out
}

// A cluster's name is part of names of nodes, namespaces and socket paths.
var validName = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$`)

// claim makes the state of a new cluster, under a lock shared by all of them.
func claim(c *cluster) error {
	if !validName.MatchString(c.Name) {
		return fmt.Errorf("cluster name %q: want at most 32 of a-z, 0-9 and -", c.Name)
	}
	if err := os.MkdirAll(runDir(), 0o755); err != nil {
		return err
	}
	lock, err := lockRun()
	if err != nil {
		return err
	}
	defer lock.Close()
	if _, err := os.Stat(stateFile(c.Name)); err == nil {
		return fmt.Errorf("cluster %q exists; run down first", c.Name)
	}
	used := map[int]bool{}
	for _, other := range listClusters() {
		used[other.Index] = true
	}
	// An interface that is there belongs to a cluster of another home folder.
	for c.Index = 1; used[c.Index] || (!c.APIOnly && interfaceExists(c.veth())); c.Index++ {
	}
	if c.Index > maxClusters {
		return fmt.Errorf("more than %d clusters", maxClusters)
	}
	if c.APIOnly {
		c.NodeIP = "127.0.0.1"
		for _, port := range []*int{&c.Port, &c.EtcdPort, &c.PeerPort} {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				return err
			}
			defer l.Close()
			*port = l.Addr().(*net.TCPAddr).Port
		}
	} else {
		c.NodeIP, c.Port, c.EtcdPort, c.PeerPort = fmt.Sprintf("10.111.0.%d", 10+c.Index), 6443, 2379, 2380
		saveSysctls()
	}
	return c.save()
}

func interfaceExists(name string) bool {
	_, err := os.Stat("/sys/class/net/" + name)
	return err == nil
}

func lockRun() (*os.File, error) {
	lock, err := os.OpenFile(filepath.Join(runDir(), ".lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	return lock, unix.Flock(int(lock.Fd()), unix.LOCK_EX)
}

// inNetns runs f on a thread inside the cluster's network namespace. Processes
// and sockets that f makes stay there; mounts and files are the host's.
func (c *cluster) inNetns(f func() error) error {
	if c.APIOnly {
		return f()
	}
	runtime.LockOSThread()
	own, err := os.Open("/proc/thread-self/ns/net")
	if err != nil {
		return err
	}
	defer own.Close()
	target, err := os.Open("/run/netns/" + c.netns())
	if err != nil {
		return err
	}
	defer target.Close()
	if err := unix.Setns(int(target.Fd()), unix.CLONE_NEWNET); err != nil {
		return err
	}
	failed := f()
	if err := unix.Setns(int(own.Fd()), unix.CLONE_NEWNET); err != nil {
		return err // the thread stays locked, so it ends with its goroutine
	}
	runtime.UnlockOSThread()
	return failed
}

// start runs a component in the background and notes its process id.
func (c *cluster) start(component string, argv ...string) error {
	return c.inNetns(func() error {
		log, err := os.OpenFile(c.path("logs", component+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
		if err != nil {
			return err
		}
		defer log.Close()
		cmd := exec.Command(argv[0], argv[1:]...)
		cmd.Stdout, cmd.Stderr, cmd.Dir = log, log, c.path()
		cmd.Env = append(os.Environ(), "PATH="+filepath.Join(home(), "bin")+":"+os.Getenv("PATH"))
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
		if err := cmd.Start(); err != nil {
			return err
		}
		go cmd.Wait()
		note := fmt.Sprintf("%d %s", cmd.Process.Pid, startTime(cmd.Process.Pid))
		return os.WriteFile(c.path("pids", component), []byte(note), 0o600)
	})
}

// podsShares weighs all pods of all clusters, beside 1024 of any process outside.
const podsShares = 256

// nice says how far a component gives way to others once the cluster is up. A
// node shares its processors with the API server and etcd here, which no other
// cluster lets it do: pods that start must not hold up every request. It is no
// more than that, since pods must also live beside a build.
var nice = map[string]int{"containerd": 5, "kubelet": 5, "kube-proxy": 5, "controller-manager": 2, "scheduler": 2}

// giveWay lowers the priority of components, and of what they start from now
// on. Where the kernel groups tasks by session, a process's own nice value says
// nothing outside its session; where it cannot be set, the cluster is only
// slower.
func (c *cluster) giveWay() {
	for component, nice := range nice {
		if pid := c.pid(component); pid != 0 {
			syscall.Setpriority(syscall.PRIO_PROCESS, pid, nice)
			os.WriteFile(fmt.Sprintf("/proc/%d/autogroup", pid), []byte(strconv.Itoa(nice)), 0)
		}
	}
}

// pid returns the process of a component, or 0 when it no longer runs: the
// number must still belong to the process that start made.
func (c *cluster) pid(component string) int {
	note, _ := os.ReadFile(c.path("pids", component))
	number, began, _ := strings.Cut(string(note), " ")
	pid, _ := strconv.Atoi(number)
	if pid == 0 || startTime(pid) != began {
		return 0
	}
	return pid
}

// startTime is field 22 of /proc/PID/stat, or "" for a gone or dead process.
func startTime(pid int) string {
	data, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, rest, ok := strings.Cut(string(data), ") ")
	fields := strings.Fields(rest)
	if !ok || len(fields) < 20 || fields[0] == "Z" {
		return ""
	}
	return fields[19]
}

// stop ends a component, by force after the limit.
func (c *cluster) stop(component string, limit time.Duration) {
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		pid := c.pid(component)
		if pid == 0 {
			break
		}
		syscall.Kill(pid, signal)
		for end := time.Now().Add(limit); c.pid(component) != 0 && time.Now().Before(end); {
			time.Sleep(10 * time.Millisecond)
		}
	}
	os.Remove(c.path("pids", component))
}

// sysctls that kubelet sets for the whole machine, kept to restore them.
var machineSysctls = []string{"vm/overcommit_memory", "vm/panic_on_oom", "kernel/panic", "kernel/panic_on_oops",
	"kernel/keys/root_maxkeys", "kernel/keys/root_maxbytes"}

func saveSysctls() {
	file := filepath.Join(runDir(), ".sysctls")
	if _, err := os.Stat(file); err == nil { // an earlier cluster did
		return
	}
	saved := map[string]string{}
	for _, key := range machineSysctls {
		value, _ := os.ReadFile("/proc/sys/" + key)
		saved[key] = strings.TrimSpace(string(value))
	}
	data, _ := json.Marshal(saved)
	os.WriteFile(file, data, 0o600)
}

func restoreSysctls() {
	file := filepath.Join(runDir(), ".sysctls")
	data, _ := os.ReadFile(file)
	saved := map[string]string{}
	json.Unmarshal(data, &saved)
	for key, value := range saved {
		os.WriteFile("/proc/sys/"+key, []byte(value), 0o644)
	}
	os.Remove(file)
}

func run(argv ...string) error {
	out, err := exec.Command(argv[0], argv[1:]...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w: %s", strings.Join(argv, " "), err, out)
	}
	return nil
}

// poll calls f until it succeeds; the error that it last had is kept. It ends
// early when a component of the cluster has died.
func (c *cluster) poll(ctx context.Context, what string, every time.Duration, f func() error) error {
	for {
		err := f()
		if err == nil {
			return nil
		}
		components, _ := os.ReadDir(c.path("pids"))
		for _, component := range components {
			if c.pid(component.Name()) == 0 {
				return fmt.Errorf("%s ended, see %s", component.Name(), c.path("logs", component.Name()+".log"))
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s: %w", what, err)
		case <-time.After(every):
		}
	}
}
