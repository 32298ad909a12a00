package main

import (
	"bufio"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
	runtimeapi "k8s.io/cri-api/pkg/apis/runtime/v1"
	cri "k8s.io/cri-client/pkg"
)

// down removes the cluster whole: pods through CRI while the node's network
// still stands, then processes, mounts, network, cgroups and state. Every step
// also works on what a failed or killed cluster left.
func (c *cluster) down() error {
	began := time.Now()
	for _, component := range []string{"kwok", "kubelet", "controller-manager", "scheduler"} {
		c.stop(component, 5*time.Second)
	}
	if c.pid("containerd") != 0 {
		if err := c.removePods(); err != nil {
			fmt.Fprintln(os.Stderr, "pods:", err)
		}
	}
	// The apiserver waits for its watches when it is asked to stop: no need.
	for _, component := range []string{"registry", "netpol", "proxy", "apiserver", "containerd", "etcd"} {
		limit := 5 * time.Second
		if component == "apiserver" {
			limit = 200 * time.Millisecond
		}
		c.stop(component, limit)
	}
	sockets := c.shimSockets()
	for try := 0; len(c.leftovers()) > 0 && try < 100; try++ {
		for _, pid := range c.leftovers() {
			syscall.Kill(pid, syscall.SIGKILL)
		}
		time.Sleep(20 * time.Millisecond)
	}
	for _, socket := range sockets { // a killed shim leaves its own
		os.Remove(socket)
	}
	for _, mount := range mountsBelow(c.path()) {
		if err := unix.Unmount(mount, unix.MNT_DETACH); err != nil {
			return fmt.Errorf("unmount %s: %w", mount, err)
		}
	}
	if !c.APIOnly {
		c.removeNode()
	}
	if err := os.RemoveAll(c.path()); err != nil {
		return err
	}
	if !c.APIOnly {
		c.removeShared()
	}
	fmt.Printf("cluster %s is gone after %.2fs\n", c.Name, time.Since(began).Seconds())
	return nil
}

// removePods stops and removes every pod of the node.
func (c *cluster) removePods() error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	service, err := cri.NewRemoteRuntimeService(ctx, "unix://"+c.containerdSock(), 20*time.Second, nil, false)
	if err != nil {
		return err
	}
	pods, err := service.ListPodSandbox(ctx, &runtimeapi.PodSandboxFilter{})
	if err != nil {
		return err
	}
	done := make(chan error, len(pods))
	for _, pod := range pods {
		go func() {
			err := service.StopPodSandbox(ctx, pod.Id)
			if err == nil {
				err = service.RemovePodSandbox(ctx, pod.Id)
			}
			done <- err
		}()
	}
	for range pods {
		if failed := <-done; failed != nil {
			err = failed
		}
	}
	return err
}

// leftovers lists processes that are certainly this cluster's: those in its
// cgroups, and shims of its containerd.
func (c *cluster) leftovers() []int {
	found := map[int]bool{}
	for _, dir := range cgroupDirs() {
		filepath.WalkDir(dir+c.cgroup(), func(path string, d fs.DirEntry, err error) error {
			if err == nil && d.Name() == "cgroup.procs" {
				data, _ := os.ReadFile(path)
				for _, field := range strings.Fields(string(data)) {
					pid, _ := strconv.Atoi(field)
					found[pid] = true
				}
			}
			return nil
		})
	}
	commands, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, file := range commands {
		data, _ := os.ReadFile(file)
		if args := strings.Split(string(data), "\x00"); strings.HasSuffix(args[0], "containerd-shim-runc-v2") &&
			strings.Contains(string(data), "\x00"+c.containerdSock()+"\x00") {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(file)))
			found[pid] = true
		}
	}
	delete(found, 0)
	var pids []int
	for pid := range found {
		pids = append(pids, pid)
	}
	return pids
}

// shimSockets lists the sockets of this containerd's shims, which lie in a
// folder that all containerds of the machine share.
func (c *cluster) shimSockets() []string {
	const folder = "/run/containerd/s/"
	var sockets []string
	files, _ := filepath.Glob(c.path("containerd", "state", "io.containerd.runtime.v2.task", "*", "*", "bootstrap.json"))
	for _, file := range files {
		data, _ := os.ReadFile(file)
		if _, name, ok := strings.Cut(string(data), folder); ok && len(name) >= 64 {
			sockets = append(sockets, folder+name[:64])
		}
	}
	return sockets
}

// mountsBelow lists mount points under dir, deepest first.
func mountsBelow(dir string) []string {
	file, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return nil
	}
	defer file.Close()
	var mounts []string
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if fields := strings.Fields(lines.Text()); len(fields) > 4 && strings.HasPrefix(fields[4], dir+"/") {
			mounts = append(mounts, fields[4])
		}
	}
	sort.Sort(sort.Reverse(sort.StringSlice(mounts)))
	return mounts
}

// removeNode deletes the network namespace, with all that is in it, and cgroups.
func (c *cluster) removeNode() {
	run("ip", "link", "del", c.veth())
	run("ip", "netns", "del", c.netns())
	for _, dir := range cgroupDirs() {
		var groups []string
		filepath.WalkDir(dir+c.cgroup(), func(path string, d fs.DirEntry, err error) error {
			if err == nil && d.IsDir() {
				groups = append(groups, path)
			}
			return nil
		})
		for i := len(groups) - 1; i >= 0; i-- {
			os.Remove(groups[i])
		}
	}
	// kubelet's second set of log links is at a fixed place.
	links, _ := filepath.Glob("/var/log/containers/*.log")
	for _, link := range links {
		if target, _ := os.Readlink(link); strings.HasPrefix(target, c.path()+"/") {
			os.Remove(link)
		}
	}
	// The CNI library caches what it did by container, at a fixed place too.
	results, _ := filepath.Glob("/var/lib/cni/results/*")
	for _, file := range results {
		if data, _ := os.ReadFile(file); strings.Contains(string(data), c.path()+"/") || strings.HasPrefix(filepath.Base(file), "quintet-"+c.Name+"-") {
			os.Remove(file)
		}
	}
}

// removeShared removes what the clusters of the machine share, after the last.
func (c *cluster) removeShared() {
	lock, err := lockRun()
	if err != nil {
		return
	}
	defer lock.Close()
	for _, other := range listClusters() {
		if !other.APIOnly {
			return
		}
	}
	// So may clusters of another home folder, which hang on the same bridge.
	if ports, _ := os.ReadDir("/sys/class/net/" + hostBridge + "/brif"); len(ports) > 0 {
		return
	}
	run("ip", "link", "del", hostBridge)
	for _, dir := range cgroupDirs() {
		os.Remove(dir + "/quintet")
	}
	// Only when empty: another containerd of the machine may use them.
	for _, dir := range []string{"/var/lib/kubelet/device-plugins/kubelet.sock", "/var/lib/kubelet/device-plugins/DEPRECATION",
		"/var/lib/kubelet/device-plugins", "/var/lib/kubelet", "/var/log/containers", "/var/lib/cni/results", "/var/lib/cni/cache", "/var/lib/cni",
		"/run/containerd/s", "/run/containerd/fifo", "/run/containerd/runc/k8s.io", "/run/containerd/runc", "/run/containerd"} {
		os.Remove(dir)
	}
	// iproute2's folder of namespaces, unless others use it.
	if unix.Unmount("/run/netns", 0) == nil {
		os.Remove("/run/netns")
	}
	restoreSysctls()
}
